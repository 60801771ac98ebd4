% # One measured value within a list. point: series:id of the chart that its good values go on.
% q = p.quality(r)
<div class="reading q-{{q.level}}">
  <dt>{{label}}</dt>
  <dd>
    <p class="value">{{!p.quantity(r['value'] if q.shows_value else None, r['unit'], point if q.level == 'ok' else '')}}</p>
    % include('quality.tpl', r=r, q=q, where='')
  </dd>
</div>
