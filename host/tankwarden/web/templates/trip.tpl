% # The standing trip: cause, value, limit, time, and the way out. Nothing here counts, so a screen reader says it once.
% name = trip.get('circuit_name') or ('circuit %d' % trip['circuit'] if trip['circuit'] else 'The Pico')
% cause = p.words(trip['trigger'] or trip['kind'], p.TRIGGER_WORDS)
% before = trip.get('before')
<div class="banner trip" id="trip">
  <h2>
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3 22 20H2z"/><path d="M12 10v4.5M12 17v.5"/></svg>
    <span>{{name[:1].upper() + name[1:]}}: {{cause[:1].lower() + cause[1:]}}</span>
  </h2>
  <p>{{'A fault holds every circuit off' if trip['kind'] == 'fault' else 'Every circuit is off'}} until a person resets it.</p>
  <dl class="facts">
% for label, value in w.facts(trip):
    <div><dt>{{label}}</dt><dd>{{!value}}</dd></div>
% end
% if trip['subject']:
    <div><dt>Where</dt><dd>{{w.subject(trip['subject'])}}</dd></div>
% end
    <div><dt>When</dt><dd>{{!times.mark(trip['at_ms'])}}</dd></div>
    <div><dt>Number in the Pico's journal</dt><dd>{{trip['id']}}</dd></div>
  </dl>
% if trip['trigger'] is None:
  <p>{{!p.prose(trip['text'])}}</p>
% end
% if before:
  <p>The last trip before, at {{!times.mark(before['at_ms'])}}: {{!p.prose(before['text'].replace('circuit %s' % before['circuit'], name))}}</p>
% end
% if trip.get('reset_command'):
  <div class="way-out">
    <p>To reset, {{trip['before_reset']}}, on the computer that runs Tankwarden:</p>
    <pre class="command" tabindex="0" aria-label="The command that resets it"><code>{{trip['reset_command']}}</code></pre>
%   if trip['reset_also']:
    <p class="meta">{{trip['reset_also'][:1].upper() + trip['reset_also'][1:]}}.</p>
%   end
  </div>
% else:
  <p class="way-out">To reset, {{trip['how_to_reset']}}</p>
% end
</div>
