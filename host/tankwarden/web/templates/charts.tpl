% # The charts' places; static/js/charts.js draws into them, and the table says the same hour by hour.
<section class="charts" id="charts" aria-labelledby="charts-head" data-hours="24" data-zone="{{s['zone']}}" data-names="{{json(names)}}">
  <header>
    <h2 id="charts-head">History</h2>
    <div role="group" class="segmented needs-js" aria-label="Time shown">
      <button type="button" data-hours-choice="1" aria-pressed="false">1 h</button>
      <button type="button" data-hours-choice="6" aria-pressed="false">6 h</button>
      <button type="button" data-hours-choice="24" aria-pressed="true">24 h</button>
    </div>
    <button type="button" class="quiet needs-js" id="zoom-reset" disabled>Reset zoom</button>
  </header>
  <div class="chart-row needs-js">
% for series, unit, title in (('power_w', 'W', 'Power'), ('temperature_degf', '°F', 'Temperature')):
%   if names[series]:
    <figure class="card chart" data-series="{{series}}" data-unit="{{unit}}" data-title="{{title}}">
      <figcaption>{{title}} <span class="{{'degf' if unit == '°F' else ''}}">{{unit}}</span></figcaption>
      <div class="plot" tabindex="0" role="img" aria-label="{{title}}, loading" aria-busy="true"></div>
      <p class="plot-state">Loading the last 24 hours…</p>
    </figure>
%   end
% end
  </div>
  <p class="meta needs-js hint">Drag across a chart to zoom in. With the keyboard: + and − zoom, ← and → move, 0 shows all.</p>
  <details class="card" id="hourly">
    <summary>The same as a table, hour by hour</summary>
    <div id="hourly-rows" data-live>
% if table is None:
      <p class="meta">The history cannot be read just now; the log says why.</p>
% elif not table.rows:
      <p class="meta">No history yet: the first points come within a minute.</p>
% else:
    <div class="scroll" tabindex="0" role="region" aria-label="Hour by hour">
    <table>
      <thead><tr><th scope="col">Hour</th>
%   for name, cell in table.heads:
        <th scope="col">{{name}} <small>{{cell}}</small></th>
%   end
      </tr></thead>
      <tbody>
%   for hour, cells in table.rows:
        <tr><th scope="row">{{hour}}</th>
%     for cell in cells:
          <td>{{!cell}}</td>
%     end
        </tr>
%   end
      </tbody>
    </table>
    </div>
% end
    </div>
  </details>
</section>
