"""Style of the page of a report: readable on light and dark screens, wide and narrow."""

STYLE = """\
:root {
  --ink: #1d2a33; --soft: #56646e; --line: #d9e0e3; --paper: #fbfaf7; --card: #fff; --head: #f0f3f2;
  --good: #1f6f54; --bad: #b3261e; --doubt: #8a5a00; --doubt-paper: #fff4d9; --span: #2f7d6b1c;
  --bar: #3b7f9e;
  --c0: #0072b2; --c1: #d55e00; --c2: #007a5a; --c3: #a8467f; --c4: #8a6d00; --c5: #5b5fc7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e9ec; --soft: #a3afb7; --line: #37434b; --paper: #14191d; --card: #1c2328;
    --head: #252e34; --good: #6fd0a8; --bad: #ff8a80; --doubt: #f4c766; --doubt-paper: #33290f;
    --span: #7fd6bf1f; --bar: #6fb3d2;
    --c0: #5fb4e8; --c1: #ff9c5a; --c2: #4fd0a5; --c3: #e79ac6; --c4: #e0c45c; --c5: #a3a6ff;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
main { max-width: 1080px; margin: 0 auto; padding: 2rem 1.1rem 4rem; overflow-wrap: anywhere }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; border-top: 1px solid var(--line);
  padding-top: 1.3rem }
h3 { font-size: 1rem; margin: 1rem 0 .3rem }
.soft, .legend { color: var(--soft); font-size: .9rem }
.panel { border: 1px solid var(--line); border-left: 6px solid var(--soft); border-radius: 8px;
  background: var(--card); padding: .7rem 1rem; margin: .8rem 0 }
.panel.good { border-left-color: var(--good) }
.panel.bad { border-left-color: var(--bad) }
.panel.bad b, td.bad { color: var(--bad) }
td.good { color: var(--good) }
td.bad, td.good { font-weight: 600 }
.panel.doubt { border-color: var(--doubt); background: var(--doubt-paper) }
.panel.doubt b { color: var(--doubt) }
.panel ul { margin: .3rem 0 0; padding-left: 1.2rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; background: var(--card); font-size: .88rem;
  overflow-wrap: normal }
th, td { border: 1px solid var(--line); padding: .28rem .6rem; text-align: right;
  white-space: nowrap }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left }
table.words th, table.words td { text-align: left }
table.words td:nth-child(3) { white-space: normal; min-width: 9rem }
table.words td:last-child { white-space: normal; min-width: 16rem }
th { background: var(--head) }
.pair { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr));
  gap: 1rem }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .5rem }
figure h3 { margin: .1rem .3rem }
svg { width: 100%; height: auto; display: block }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft) }
svg text.name { fill: var(--ink) }
.grid { stroke: var(--line); stroke-width: 1 }
.axis { stroke: var(--soft); stroke-width: 1 }
.bar { fill: var(--bar) }
.dot { fill: var(--bar); fill-opacity: .75 }
.ring { fill: none; stroke: var(--bad); stroke-width: 1.2 }
.span { fill: var(--span) }
.mark { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3 }
.alarm { stroke: var(--bad); stroke-width: 1; stroke-opacity: .6 }
.curve { fill: none; stroke-width: 1.8 }
.legend { margin: .2rem .3rem 0 }
.legend span { margin-right: 1rem; white-space: nowrap; display: inline-block }
.legend i { display: inline-block; width: .9em; height: .25em; margin-right: .35em;
  vertical-align: middle }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .7rem 1rem;
  font-size: .85rem; white-space: pre-wrap }
"""
