% # The standing trip: cause, value, limit, time, and the way out. Nothing here counts, so a screen reader says it once.
<div class="banner trip" id="trip">
  <h2>
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3 22 20H2z"/><path d="M12 10v4.5M12 17v.5"/></svg>
    <span>{{p.words(trip['trigger'] or trip['kind'], p.TRIGGER_WORDS)}}{{' on circuit %d' % trip['circuit'] if trip['circuit'] else ''}}: {{'every circuit is held off by a fault' if trip['kind'] == 'fault' else 'every circuit is off'}}</span>
  </h2>
  <dl class="facts">
    <div><dt>Measured</dt><dd>{{!p.quantity(trip['value'], trip['unit'] or '')}}</dd></div>
    <div><dt>Limit</dt><dd>{{!p.quantity(trip['limit'], trip['unit'] or '')}}</dd></div>
    <div><dt>Where</dt><dd>{{p.words(trip['subject'])}}</dd></div>
    <div><dt>When</dt><dd>{{!times.mark(trip['at_ms'])}}</dd></div>
    <div><dt>{{p.words(trip['kind'])}}</dt><dd>no. {{trip['id']}}</dd></div>
  </dl>
  <p>{{!p.prose(trip['text'])}}</p>
  <p class="way-out">To reset, {{trip['how_to_reset']}}</p>
</div>
