% # The safety co-processor: is it there, in which state, what runs on it, how well.
<section class="card" id="pico" data-live aria-labelledby="pico-head">
  <header>
    <h2 id="pico-head">Pico</h2>
% if pico['connected']:
    <span class="pill {{ {'armed': 'ok', 'tripped': 'bad', 'fault': 'bad'}.get(pico['state'], 'off') }}">{{p.words(pico['state'], p.BOARD_WORDS)}}</span>
% else:
    <span class="pill bad">Not connected</span>
% end
  </header>
  <dl class="facts">
% if pico['age_s'] is not None:
    <div><dt>Last heard</dt><dd><span data-age="{{pico['age_s']}}">{{p.age(pico['age_s'])}}</span> ago</dd></div>
% end
% if pico['uptime_s'] is not None:
    <div><dt>Up for</dt><dd>{{p.duration(pico['uptime_s'])}}</dd></div>
% end
% for label, key in (('Started by', 'reset_cause'), ('Program', 'version'), ('Firmware', 'firmware'), ('Board', 'board_id'), ('Port', 'port')):
%   if pico[key]:
    <div><dt>{{label}}</dt><dd class="{{'hash' if key in ('firmware', 'board_id', 'port') else ''}}">{{p.words(pico[key]).lower() if key == 'reset_cause' else pico[key]}}</dd></div>
%   end
% end
% for name, count in pico['link'].items():
    <div><dt>{{w.LINK_WORDS.get(name) or p.words(name)}}</dt><dd class="num">{{w.tally(count)}}</dd></div>
% end
  </dl>
% if pico['health']:
  <details id="pico-health">
    <summary>Health in numbers</summary>
    <dl class="facts">
%   for label, value in w.health(pico['health']):
      <div><dt>{{label}}</dt><dd class="num">{{value}}</dd></div>
%   end
    </dl>
  </details>
% end
</section>
