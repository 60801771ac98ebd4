% # One event: when, what, and the numbers that mean something.
<li class="event {{event['severity']}}">
  <p class="meta">{{!times.mark(event['at_ms'])}} · <span class="kind">{{p.words(event['kind'])}}</span></p>
  <p>{{!p.prose(event['text'])}}</p>
% said = w.facts(event)
% if said:
  <p class="meta">
%   for place, (label, value) in enumerate(said):
    {{'· ' if place else ''}}{{label.lower()}} {{!value}}
%   end
  </p>
% end
% if event['waveform'] == 'stored':
  <details id="event-waveform-{{event['id']}}">
    <summary>Waveform</summary>
    % include('waveform.tpl', place='event', trip=event['id'], circuit=event['circuit'])
  </details>
% end
</li>
