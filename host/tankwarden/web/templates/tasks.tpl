% # The host's own parts: each task with its last heartbeat, and the recorder.
<section class="card" id="tasks" data-live aria-labelledby="tasks-head">
  <h2 id="tasks-head">Controller</h2>
  <div class="scroll">
  <table>
    <thead><tr><th scope="col">Task</th><th scope="col">State</th><th scope="col">Heartbeat</th><th scope="col">Restarts</th></tr></thead>
    <tbody>
% for task in s['tasks']:
%   # A failure that was survived fades: after a minute it is no warning, after an hour the log alone has it.
%   failed_s = task.get('error_age_s') or 0
%   fresh = failed_s < 60
      <tr>
        <th scope="row">{{task['name']}}</th>
        <td><span class="badge {{'ok' if task['state'] == 'running' and not (task['error'] and fresh) else 'warn'}}">{{task['state']}}</span></td>
        <td>
% if task['age_s'] is None:
          never
% else:
          <span data-age="{{task['age_s']}}">{{p.age(task['age_s'])}}</span> ago
% end
        </td>
        <td class="num">{{task['restarts']}}</td>
      </tr>
% if task['error'] and failed_s < 3600:
      <tr class="detail {{'' if fresh else 'past'}}"><td colspan="4">{{task['error']}} ({{p.age(failed_s)}} ago)</td></tr>
% end
% end
    </tbody>
  </table>
  </div>
% computer = s.get('computer')
% if computer:
  <div id="computer">
  <p class="meta">This computer, as of {{!times.mark(computer['ts_ms'])}}</p>
  <dl class="facts">
%   for name, label, unit in (('cpu_percent', 'Processor', '%'), ('memory_percent', 'Memory', '%'), ('process_mb', 'This program', 'MB'), ('disk_percent', 'Disk', '%'), ('soc_degf', 'Processor temperature', '°F')):
%     if computer[name] is not None:
    <div><dt>{{label}}</dt><dd>{{!p.quantity(computer[name], unit)}}</dd></div>
%     end
%   end
%   throttling = computer['throttling']
%   if throttling:
    <div><dt>Throttling</dt><dd>{{', '.join(throttling['now']) or ('not now; since its start: ' + ', '.join(throttling['since_start']) if throttling['since_start'] else 'none')}}</dd></div>
%   end
  </dl>
  </div>
% end
  <p class="meta">Recorder: {{s['recorder']['pending_rows']}} rows waiting to be written{{'; ' + s['recorder']['error'] if s['recorder']['error'] else ''}}</p>
</section>
