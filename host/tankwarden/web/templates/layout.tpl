% # The frame of every page: head, header with the switches, the bar that tells when the values stop being live.
<!doctype html>
<html lang="en" data-build="{{build}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#f1f5f6">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0b1317">
<title>{{title}}</title>
<link rel="icon" href="{{url('img/icon.svg')}}" type="image/svg+xml">
<link rel="stylesheet" href="{{url('vendor/pico.min.css')}}">
<link rel="stylesheet" href="{{url('vendor/uPlot.min.css')}}">
<link rel="stylesheet" href="{{url('css/tokens.css')}}">
<link rel="stylesheet" href="{{url('css/base.css')}}">
% for name in ('parts', 'layout', *styles):
<link rel="stylesheet" href="{{url('css/%s.css' % name)}}">
% end
<script src="{{url('js/theme.js')}}"></script>
<script src="{{url('vendor/idiomorph.min.js')}}" defer></script>
<script src="{{url('vendor/uPlot.iife.min.js')}}" defer></script>
<script type="module" src="{{url('js/app.js')}}"></script>
<noscript><meta http-equiv="refresh" content="10"></noscript>
</head>
<body>
<a class="skip" href="#main">Skip to the values</a>
<header class="top">
  <div class="top-in">
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path class="mark-shield" d="M16 2 28 6v10c0 7-5 12-12 14C9 28 4 23 4 16V6z"/><path class="mark-drop" d="M16 8c4 5 6 7.5 6 10.5a6 6 0 0 1-12 0C10 15.5 12 13 16 8z"/></svg>
    <div class="site">
      <h1>{{s['site']['name']}}</h1>
      <p class="now" id="now" data-live data-time-ms="{{s['time_ms']}}"><span class="day">{{times.day()}} · </span>{{!times.mark(s['time_ms'])}} {{times.abbreviation()}}</p>
    </div>
    <span class="pulse needs-js" id="pulse"><span class="dot" aria-hidden="true"></span><span id="pulse-text">connecting</span></span>
    <div class="switches needs-js">
      <div role="group" class="segmented" aria-label="Temperature unit">
        <button type="button" data-unit-choice="f" aria-pressed="true">°F</button>
        <button type="button" data-unit-choice="c" aria-pressed="false">°C</button>
      </div>
      <button type="button" class="icon-button" id="theme-switch" aria-label="Colours: as the device">
        <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="8" class="ring"/><path d="M12 4a8 8 0 0 1 0 16z" class="half"/></svg>
      </button>
    </div>
  </div>
  <div class="link-state" id="link-state" hidden><span role="status"><span id="link-words"></span> <span id="link-relays"></span></span> <span id="link-age" aria-hidden="true"></span></div>
</header>
<main id="main" class="page" tabindex="-1">
{{!base}}
</main>
<footer class="page foot">
  <noscript><p>Without script this page renews itself every 10 seconds; charts and °C need script.</p></noscript>
  <p>Tankwarden {{s['version']}} · the same as JSON: <a href="/api/status">status</a>, <a href="/api/history?hours=24">history</a>, <a href="/api/trips">trips</a></p>
</footer>
</body>
</html>
