/** How a report looks: on a screen light or dark, on paper, and for the colour-blind (the colours of Okabe and Ito). */
export const reportStyle = `
:root { color-scheme: light dark; --text: #1c1e21; --muted: #65696f; --rule: #d9dce0; --page: #fff; --good: #00734f; --bad: #b34700; --mark: #cdeee0; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e6e9; --muted: #9aa0a8; --rule: #3a3e44; --page: #16181b; --good: #3fc796; --bad: #f0883e; --mark: #1d4a3a; }
}
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.7rem; } h2 { margin: 2.5rem 0 .5rem; font-size: 1.25rem; } h3 { margin: 1.5rem 0 .25rem; font-size: 1rem; }
p { margin: .25rem 0; } .muted { color: var(--muted); } .good { color: var(--good); } .bad { color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; color: var(--muted); } .number { text-align: right; white-space: nowrap; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; } .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: .5rem 2rem; }
svg { width: 100%; height: auto; } .grid { stroke: var(--rule); } .tick { fill: var(--muted); font-size: 13px; }
.left { text-anchor: end; dominant-baseline: middle; } .below { text-anchor: middle; }
svg g path { fill: none; stroke: var(--line); stroke-width: 1.6; stroke-linejoin: round; } svg g circle { fill: var(--line); }
.line0 { --line: #0072b2; } .line1 { --line: #e69f00; } .line2 { --line: #009e73; } .line3 { --line: #cc79a7; } .line4 { --line: #d55e00; } .line5 { --line: #56b4e9; }
.swatch { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; background: var(--line); }
.sentence { margin: 1rem 0; display: grid; grid-template-columns: max-content 1fr max-content; gap: 0 1rem; }
.sentence dt { color: var(--muted); } .sentence dd { margin: 0; overflow-wrap: anywhere; } mark { background: var(--mark); color: inherit; border-radius: 2px; }
pre { overflow-x: auto; font-size: .85rem; } details { margin: .75rem 0; } summary { cursor: pointer; font-weight: 600; }
@media print { body { max-width: none; padding: 0; } details { break-inside: avoid; } }
`;
