% # The circuit as a one-line diagram: array, outside relay, inside relay, element in the tank. on: both relays read closed.
% said = {True: 'closed', False: 'open', None: 'unknown'}
<svg class="oneline {{'live' if on else ''}}" data-unsure-class="oneline" data-unsure-label="Outside relay unknown, inside relay unknown" viewBox="0 0 360 84" role="img" aria-label="Outside relay {{said[relays['outside']]}}, inside relay {{said[relays['inside']]}}">
  <g class="array"><path d="M14 20h34l-6 36H8z"/><path d="M31 20l-6 36M11.5 38h34"/></g>
  <path class="wire" d="M46 38H112M154 38H206M248 38H300"/>
  <path class="flow" d="M46 38H112M154 38H206M248 38H300"/>
% for name, x in (('outside', 112), ('inside', 206)):
  <g class="relay {{said[relays[name]]}}" data-unsure-class="relay unknown" transform="translate({{x}} 38)">
    <path class="blade" d="M0 0H42"/><circle r="3.5"/><circle cx="42" r="3.5"/>
    <text class="mystery" x="21" y="5">?</text>
    <text x="21" y="26">{{name}}</text><text class="said" x="21" y="41" data-unsure="unknown">{{said[relays[name]]}}</text>
  </g>
% end
  <g class="tank"><rect x="300" y="8" width="48" height="66" rx="9"/><path class="water" d="M303 26q10.5-5 21 0t21 0v39a6 6 0 0 1-6 6h-30a6 6 0 0 1-6-6z"/><path class="element" d="M300 38h8q4-8 8 0t8 0 8 0 8 0"/></g>
</svg>
