% # One circuit: as it is (relays read back), what it measures, why, and what would happen without the host.
% out, relays = c['output'], c['relays']
% on = relays['outside'] and relays['inside']
% state = 'Tripped' if s['trip'] and c['state'] == 'open' else p.words(c['state'], p.CIRCUIT_WORDS)
% # data-sure: for how many seconds more this is known without news; then live.js puts data-unsure in its place.
<article class="card circuit" id="circuit-{{c['id']}}" data-sure="{{(c['lease_ms'] or 0) / 1000}}">
  <header>
    <h3>{{c['name']}} <small>circuit {{c['circuit']}}</small></h3>
    <span data-unsure="Unknown" data-unsure-class="pill none" class="pill {{'bad' if state == 'Tripped' else {'closed': 'on', 'open': 'off', None: 'none'}.get(c['state'], 'busy')}}">{{state}}</span>
  </header>
  % include('oneline.tpl')
  <dl class="readings">
    % include('reading.tpl', label='Power', r=c['readings']['power'], point='power_w:' + c['id'])
    % include('reading.tpl', label='Temperature', r=c['readings']['temperature'], point='temperature_degf:' + c['id'])
    % include('reading.tpl', label='Current', r=c['readings']['current'], point='')
    % include('reading.tpl', label='Voltage', r=c['readings']['voltage'], point='')
  </dl>
  <dl class="facts">
    <div><dt>Target</dt><dd>{{!p.quantity(c['target_degf'], '°F')}}</dd></div>
    <div><dt>Last 24 hours</dt><dd>{{!p.quantity(c['kwh_24h'], 'kWh')}}</dd></div>
    <div><dt>Today</dt><dd>{{!p.quantity(c['kwh_today'], 'kWh')}}</dd></div>
    <div><dt>Fault line</dt><dd data-unsure="unknown" data-unsure-class="" class="{{'bad' if c['fault_line_ok'] is False else ''}}">{{ {True: 'whole', False: 'open', None: 'unknown'}[c['fault_line_ok']] }}</dd></div>
    <div class="lease"><dt>Lease</dt><dd data-unsure="unknown">
% if c['lease_ms'] is None:
      unknown
% elif c['lease_ms'] == 0:
      none held
% else:
      <span data-left="{{c['lease_ms'] / 1000}}">{{'%.1f' % (c['lease_ms'] / 1000)}}</span>&#8239;s left
      <progress data-left="{{c['lease_ms'] / 1000}}" value="{{c['lease_ms']}}" max="{{max(2000, c['lease_ms'])}}" aria-hidden="true"></progress>
% end
    </dd></div>
  </dl>
  <div class="why">
    <p><strong>Why</strong> {{!p.prose(out['why'])}}</p>
% for hold in out['holds']:
    <p class="hold">Held: {{!p.prose(hold)}}</p>
% end
    <details id="claims-{{c['id']}}">
      <summary>{{'The only claim' if len(out['claims']) == 1 else 'All %d claims' % len(out['claims'])}}</summary>
      <ol class="claims">
% for claim in out['claims']:
        <li class="{{'wins' if claim['wins'] else ''}}">
          <p><span class="badge {{'on' if claim['value'] else 'off'}}">{{'on' if claim['value'] else 'off'}}</span> <strong>{{p.words(claim['priority'])}}</strong> · {{claim['source']}}{{' · wins' if claim['wins'] else ''}}</p>
          <p>{{!p.prose(claim['why'])}}</p>
          <p class="meta">{{!'since ' + times.mark(claim['since_ms']) if claim['since_ms'] else 'always'}}{{!', until ' + times.mark(claim['until_ms']) if claim['until_ms'] else ''}}</p>
        </li>
% end
      </ol>
    </details>
  </div>
  <p class="dies"><strong>If the Raspberry Pi dies now:</strong> {{!p.prose(c['if_host_dies'])}}</p>
</article>
