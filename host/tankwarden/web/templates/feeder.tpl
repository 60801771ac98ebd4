% # One feeder: how it stands, its last and next meal, the last days, and what would happen without the host.
% last, coming = f['last'], f['next']
% state, level = w.feeder_state(f)
<article class="card feeder" id="feeder-{{f['id']}}">
  <header>
    <h3>{{f['name']}} <small>servo {{f['servo']}}</small></h3>
    <span class="pill {{level}}">{{state}}</span>
  </header>
  <dl class="facts">
    <div><dt>Last</dt><dd>
% if last is None:
      never yet
% else:
      <span class="badge {{w.FEEDING_LEVELS[last['status']]}}">{{w.FEEDING_WORDS[last['status']]}}</span> {{w.portion(last)}}
      <span class="meta">{{!times.mark(last['time_ms'])}}, <span data-age="{{last['age_s']}}">{{p.age(last['age_s'])}}</span> ago</span>
% end
    </dd></div>
    <div><dt>Next</dt><dd>
% if not f['enabled']:
      none: its schedule is off
% elif coming is None:
      none in the coming week
% else:
      <time datetime="{{times.iso(coming['at_ms'])}}">{{times.soon(coming['at_ms'])}}</time> {{w.grams(coming['portion'])}} <span class="meta">{{coming['name']}}</span>
% end
    </dd></div>
  </dl>
% if last and last['reason'] and last['status'] != 'success':
  <p class="hold"><strong>Why</strong> {{last['reason']}}</p>
% end
% if f['why_not'] and not f['feeding']:
  <p class="hold">Cannot feed now: {{f['why_not']}}.</p>
% end
% if not f['history']:
  <p class="meta">No feeding in the last three days.</p>
% else:
  <details id="feedings-{{f['id']}}">
    <summary>Feedings of the last three days</summary>
    <div class="scroll">
    <table>
      <thead><tr><th scope="col">When</th><th scope="col">Result</th><th scope="col">Food</th><th scope="col">Seen</th><th scope="col">By</th></tr></thead>
      <tbody>
%   for row in f['history']:
        <tr>
          <th scope="row">{{!times.mark(row['time_ms'])}}</th>
          <td><span class="badge {{w.FEEDING_LEVELS[row['status']]}}">{{w.FEEDING_WORDS[row['status']]}}</span></td>
          <td>{{w.portion(row)}}</td>
          <td>{{!w.seen(row)}}</td>
          <td>{{w.FEEDING_SOURCES.get(row['source'], row['source'])}}</td>
        </tr>
%     if row['reason']:
        <tr class="detail"><td colspan="5">{{row['reason']}}</td></tr>
%     end
%   end
      </tbody>
    </table>
    </div>
  </details>
% end
  <p class="dies"><strong>If the Raspberry Pi dies now:</strong> {{f['if_host_dies']}}</p>
</article>
