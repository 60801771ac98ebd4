% # What goes with every value: how good and how old it is. r: the reading, q: its quality in words; where: the enclosure, if it must be said.
% if q.word:
<p><span class="badge {{q.level}}">{{q.word}}</span></p>
% if r.get('fault') and r['quality'] != 'stale':
<p class="meta fault">{{r['fault']}}</p>
% end
% end
<p class="meta facets">
% if r['age_s'] is None:
<span>never read</span>
% else:
<span class="age"><span data-age="{{r['age_s']}}">{{p.age(r['age_s'])}}</span> ago</span>
% end
% if where:
<span>{{where}}</span>
% end
% if q.word and r['raw_counts'] is not None:
<span>raw {{r['raw_counts']}}</span>
% elif q.word and r.get('measured') is not None:
<span>raw {{r['measured']}}</span>
% end
</p>
