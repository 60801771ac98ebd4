% # The dashboard: what stands, what is, why, and what was. Elements with data-live are renewed by static/js/live.js.
% head = 'TRIPPED' if s['trip'] else p.number(s['totals']['power_w'], 'W') + ' W' if s['circuits'] else 'Dashboard'
% rebase('layout.tpl', title=head + ' · ' + s['site']['name'] + ' · Tankwarden', styles=('dashboard', 'charts', 'circuit', 'lights', 'feeder'))
<div id="banners" data-live role="alert">
% if s['trip']:
%   include('trip.tpl', trip=s['trip'])
% end
% if s.get('stalled_s'):
<div class="banner warn"><p><strong>Controller:</strong> its control loop has not moved for {{p.age(s['stalled_s'])}}. It renews no lease, so the Pico {{'has opened the relays' if s['leases_over'] else 'is about to open the relays'}} by itself.</p></div>
% end
% if s['pico']['message']:
<div class="banner warn"><p><strong>Pico:</strong> {{!p.prose(s['pico']['message'])}}</p></div>
% end
% for row in s['not_watched']:
<div class="banner warn"><p><strong>Not watched:</strong> {{row['text']}}.</p></div>
% end
% if s['recorder']['error']:
<div class="banner warn"><p><strong>Recorder:</strong> {{s['recorder']['error']}}. Control goes on; rows wait in memory.</p></div>
% end
</div>

% # Beside the alert and not in it: what comes later must not make a screen reader say the whole of it again.
% # A fault for too many trips has none of its own: then that of the last trip before.
% trip = s['trip'] or {}
% before = trip.get('before') or {}
<div id="trip-waveform" data-live>
% if 'stored' in (trip.get('waveform'), before.get('waveform')):
%   own = trip.get('waveform') == 'stored'
  <section class="card trip-waveform" aria-labelledby="trip-waveform-head">
    <h2 id="trip-waveform-head">Waveform <small>{{'around %s %s' % (trip['kind'], trip['id']) if own else 'of the last trip before'}}</small></h2>
    % include('waveform.tpl', place='trip', trip=trip['event_id'] if own else before['id'], circuit=(trip if own else before)['circuit'])
  </section>
% end
</div>

<section class="tiles" id="tiles" data-live aria-label="Now">
% if s['circuits']:
%   q = p.quality(power)
<div class="tile lead q-{{q.level}}">
  <h2>Power now</h2>
  <p class="big">{{!p.quantity(power['value'] if q.shows_value else None, 'W')}}</p>
  % include('quality.tpl', r=power, q=q, where='')
</div>
<div class="tile">
  <h2>Last 24 hours</h2>
  <p class="big">{{!p.quantity(s['totals']['kwh_24h'], 'kWh')}}</p>
  <p class="meta">until {{!times.mark(s['time_ms'])}}</p>
</div>
% end
% for t in temperatures:
%   q = p.quality(t['reading'])
%   point = 'temperature_degf:' + t['id'] if q.level == 'ok' else ''
<div class="tile q-{{q.level}}">
  <h2>{{t['name']}}</h2>
  <p class="big">{{!p.quantity(t['reading']['value'] if q.shows_value else None, '°F', point)}}</p>
  % include('quality.tpl', r=t['reading'], q=q, where=t['where'])
</div>
% end
</section>

% if not s['circuits'] and not s['sensors'] and not s['lights'] and not s['feeders']:
<section class="card empty" id="empty" data-live>
  <h2>Nothing is configured yet</h2>
  <p>Tankwarden runs, but its configuration names no circuit, no sensor and no light. Add an <code>[[enclosure]]</code> and a <code>[[circuit]]</code>, <code>[[sensor]]</code> or <code>[[light]]</code> to the configuration file and start it again, or try <code>tankwarden demo</code> to see a whole house at work.</p>
</section>
% end

% if s['circuits'] or s['sensors']:
% include('charts.tpl')
% end

% if s['lights']:
% include('lights.tpl')
% end

<div id="enclosures" data-live>
% for enclosure in enclosures:
<section class="enclosure" id="enclosure-{{enclosure['id']}}">
  <h2>{{enclosure['name']}}
% if enclosure['kind']:
    <small>{{p.KIND_WORDS.get(enclosure['kind'], enclosure['kind'])}}</small>
% end
  </h2>
% if enclosure['circuits']:
  <div class="circuits">
%   for c in enclosure['circuits']:
%     include('circuit.tpl', c=c)
%   end
  </div>
% end
% if enclosure['feeders']:
  <div class="circuits">
%   for f in enclosure['feeders']:
%     include('feeder.tpl', f=f)
%   end
  </div>
% end
% if enclosure['sensors']:
  <dl class="readings card">
%   for sensor in enclosure['sensors']:
%     include('reading.tpl', label=sensor['name'], r=sensor['reading'], point='')
%   end
  </dl>
% end
</section>
% end
</div>

% EVENTS_OPEN = 10
<div class="columns">
<section class="card" id="events" data-live aria-labelledby="events-head">
  <h2 id="events-head">Last events</h2>
% if not s['events']:
  <p class="meta">Nothing has happened yet.</p>
% end
  <ol class="events">
% for event in s['events'][:EVENTS_OPEN]:
%   include('event.tpl', event=event)
% end
  </ol>
% if s['events'][EVENTS_OPEN:]:
  <details id="events-more">
    <summary>{{len(s['events']) - EVENTS_OPEN}} more</summary>
    <ol class="events">
%   for event in s['events'][EVENTS_OPEN:]:
%     include('event.tpl', event=event)
%   end
    </ol>
  </details>
% end
</section>
<div>
% include('pico.tpl', pico=s['pico'])
% include('tasks.tpl')
</div>
</div>
