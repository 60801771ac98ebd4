% # Lights: weather by a button, today's curves, and each light as the Pico reports it, with its plan and why.
<section class="lights" id="lights" aria-labelledby="lights-head">
  <header>
    <h2 id="lights-head">Lights</h2>
    <div role="group" class="segmented needs-js" aria-label="Weather now">
% for kind, label in w.WEATHER_BUTTONS:
      <button type="button" data-weather="{{kind}}">{{label}}</button>
% end
    </div>
  </header>
  <p class="meta needs-js" id="weather-said" role="status"></p>
  <div id="lights-now" data-live>
% lighting = s['lighting']
% if lighting['problem']:
  <div class="banner warn"><p><strong>Lights:</strong> {{lighting['problem']}}. What the Pico holds plays on.</p></div>
% end
% for group in light_groups:
  <article class="card lights-of" id="lights-{{group['id']}}">
    <header>
      <h3>{{group['name']}}</h3>
% for one in lighting['weather']:
      <span class="pill busy">{{p.words(one['kind'])}} until {{times.clock(one['until_ms'])}}</span>
% end
    </header>
%   drawing = group['day']
%   if drawing:
    <figure class="day-curve">
      <div class="day-plot">
        <span class="meta day-top" aria-hidden="true">100 %</span>
        <svg viewBox="0 -2 {{drawing_width}} {{drawing_height + 4}}" preserveAspectRatio="none" role="img" aria-label="Levels today: the table below has the same">
          <path class="rule" d="M0 0H{{drawing_width}}M0 {{drawing_height // 2}}H{{drawing_width}}M0 {{drawing_height}}H{{drawing_width}}"/>
%     for curve in drawing.curves:
          <polyline class="behavior" stroke="{{curve.colour}}" points="{{curve.behavior}}"/>
          <polyline class="halo" points="{{curve.plan}}"/>
          <polyline class="plan" stroke="{{curve.colour}}" points="{{curve.plan}}"/>
%     end
          <path class="now" d="M{{drawing.now}} -2V{{drawing_height + 2}}"/>
        </svg>
      </div>
      <p class="day-hours meta" aria-hidden="true">
%     for _, hour in drawing.ticks:
        <span>{{hour}}</span>
%     end
      </p>
      <figcaption class="meta">Solid: the plan as the Pico has it. Dotted: what the behavior alone would do. Upright: now.</figcaption>
    </figure>
%   end
    <ul class="lamps">
%   for light in group['lights']:
%     q = p.quality(light['level'])
%     level = light['level']['value'] if q.shows_value else None
      <li class="lamp q-{{q.level}}" id="light-{{light['id']}}">
        <p class="lamp-head">
          <svg class="swatch" viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="5" fill="{{light['colour']}}"/></svg>
          <strong>{{light['name']}}</strong>
          <span class="value">{{!p.quantity(level, '%')}}</span>
        </p>
        <progress value="{{level or 0}}" max="100" aria-hidden="true"></progress>
        % include('quality.tpl', r=light['level'], q=q, where=w.LIGHT_SOURCES.get(light['source'], ''))
        <p><strong>Why</strong> {{!p.prose(light['output']['why'])}}</p>
        <details id="light-more-{{light['id']}}">
          <summary>Plan and claims</summary>
          <dl class="facts">
%     plan = light['plan']
            <div><dt>Wished</dt><dd>{{!p.quantity(light['wished_percent'], '%')}}</dd></div>
            <div><dt>Output</dt><dd>{{!p.quantity(light['output_percent'], '%')}}</dd></div>
%     if plan:
            <div><dt>Plan until</dt><dd>{{!times.mark(plan['end_ms'])}}</dd></div>
            <div><dt>Knots</dt><dd class="num">{{plan['knots']}}</dd></div>
            <div><dt>Plan's error, at most</dt><dd class="num">{{'%.2f' % plan['error_percent']}}&#8239;%</dd></div>
%     else:
            <div><dt>Plan</dt><dd>none yet</dd></div>
%     end
          </dl>
          <ol class="claims">
%     for claim in light['output']['claims']:
            <li class="{{'wins' if claim['wins'] else ''}}">
              <p><strong>{{p.words(claim['priority'])}}</strong> · {{claim['source']}}{{' · wins' if claim['wins'] else ''}}</p>
              <p>{{!p.prose(claim['why'])}}</p>
              <p class="meta">{{!'since ' + times.mark(claim['since_ms']) if claim['since_ms'] else 'always'}}{{!', until ' + times.mark(claim['until_ms']) if claim['until_ms'] else ''}}</p>
            </li>
%     end
          </ol>
        </details>
        <p class="dies"><strong>If the Raspberry Pi dies now:</strong> {{light['if_host_dies']}}</p>
      </li>
%   end
    </ul>
%   if drawing:
    <details id="lights-table-{{group['id']}}">
      <summary>Today as a table, hour by hour</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Levels of {{group['name']}}, hour by hour">
      <table>
        <thead><tr><th scope="col">Hour</th>
%     for curve in drawing.curves:
          <th scope="col">{{curve.name}} <small>%</small></th>
%     end
        </tr></thead>
        <tbody>
%     for hour, cells in drawing.rows:
          <tr><th scope="row">{{hour}}</th>
%       for cell in cells:
            <td class="num">{{cell}}</td>
%       end
          </tr>
%     end
        </tbody>
      </table>
      </div>
    </details>
%   end
  </article>
% end
% if lighting['power_w']:
  <p class="meta">All lights together {{!p.quantity(lighting['power_w'], 'W')}}{{', dimmed to stay within their limit' if lighting['power_capped'] else ''}}</p>
% end
  </div>
</section>
