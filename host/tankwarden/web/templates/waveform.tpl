% # A trip's waveform: static/js/waveform.js draws it; the numbers are to be had as JSON. trip: the event's id.
<figure class="waveform" id="waveform-{{place}}-{{trip}}" data-waveform="{{trip}}" data-circuit="{{circuit or ''}}">
  <div class="plot needs-js" role="img" aria-label="Waveform, loading"></div>
  <p class="plot-state needs-js">Loading the waveform…</p>
  <figcaption class="meta"><span class="needs-js">Upright line: the trip; red line: the limit.</span> All channels, raw and in units: <a href="/api/trips/{{trip}}/waveform">the waveform as JSON</a></figcaption>
</figure>
