// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Style sheet of the register's page. A file of its own: the policy allows no inline style. Contrast of
 * text is at least 4.5 to 1, of lines 3 to 1, in both colour schemes.
 *
 * @module
 */

/** The style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d2528; --soft: #556064; --edge: #d5dad8; --accent: #0b5d6b;
  --c0: #0072b2; --c1: #b34a00; --c2: #00795a; --c3: #a6418b; --c4: #8a6400; --c5: #2f6f9f; --c6: #555555;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14191b; --card: #1c2326; --ink: #e8ecea; --soft: #a7b2b0; --edge: #37413f; --accent: #7fd0dc;
    --c0: #6bb8ea; --c1: #f29355; --c2: #56c9a4; --c3: #e59acb; --c4: #e0b84f; --c5: #9bd0f5; --c6: #c4c4c4;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 68rem; padding: 1.25rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", "Noto Sans", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif;
}
header { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; justify-content: space-between; align-items: start; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; }
h2 { margin: 2.25rem 0 0.5rem; font-size: 1.25rem; }
h3 { margin: 0 0 0.5rem; font-size: 1rem; }
p { margin: 0 0 0.75rem; max-width: 44rem; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.origin { margin: 0.25rem 0 0; color: var(--soft); overflow-wrap: anywhere; }
.intro { margin-top: 1rem; }
nav { display: flex; gap: 0.25rem; }
nav a { padding: 0.5rem 0.75rem; border-radius: 0.5rem; text-decoration: none; }
nav a[aria-current] { background: var(--card); border: 1px solid var(--edge); color: var(--ink); font-weight: 600; }
.pair { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); align-items: start; }
.card, .chart { margin: 0; padding: 1rem; background: var(--card); border: 1px solid var(--edge); border-radius: 0.75rem; }
.card dl { margin: 0; display: grid; grid-template-columns: minmax(7.5rem, auto) 1fr; gap: 0.35rem 1rem; }
.card dt { color: var(--soft); }
.card dd { margin: 0; min-width: 0; }
.mono, code { font-family: ui-monospace, "SFMono-Regular", "DejaVu Sans Mono", monospace; font-size: 0.875rem; overflow-wrap: anywhere; }
.counts { margin: 0; display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); }
.counts > div { display: flex; flex-direction: column; padding: 0.85rem 1rem; background: var(--card); border: 1px solid var(--edge); border-radius: 0.75rem; }
.counts dd { margin: 0; }
.counts b { display: block; font-size: 1.6rem; line-height: 1.25; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.counts small, .ends, .most { color: var(--soft); font-size: 0.85rem; }
figcaption { font-weight: 600; margin-bottom: 0.5rem; }
.plot svg { display: block; width: 100%; height: 11rem; overflow: visible; }
.grid { stroke: var(--edge); stroke-width: 1; vector-effect: non-scaling-stroke; fill: none; }
.line { stroke-width: 2.5; vector-effect: non-scaling-stroke; fill: none; stroke-linejoin: round; }
.issued { stroke: var(--c0); }
.reason-0 { stroke: var(--c0); } .reason-1 { stroke: var(--c1); stroke-dasharray: 8 3; }
.reason-2 { stroke: var(--c2); stroke-dasharray: 2 3; } .reason-3 { stroke: var(--c3); stroke-dasharray: 10 3 2 3; }
.reason-4 { stroke: var(--c4); stroke-dasharray: 5 5; } .reason-5 { stroke: var(--c5); stroke-dasharray: 12 5; }
.reason-6 { stroke: var(--c6); stroke-dasharray: 2 6; }
.ends { display: flex; justify-content: space-between; margin-top: 0.25rem; }
.legend { list-style: none; margin: 0.75rem 0 0; padding: 0; display: grid; gap: 0.15rem 1rem; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); }
.legend li { display: flex; align-items: center; gap: 0.5rem; }
.legend svg { flex: none; width: 28px; height: 8px; }
.legend b { margin-left: auto; font-variant-numeric: tabular-nums; }
details { margin-top: 1rem; }
summary { cursor: pointer; padding: 0.5rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--edge); text-align: start; vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 400; }
.witnesses th { overflow-wrap: anywhere; min-width: 5rem; }
.witnesses td:last-child { min-width: 8rem; }
thead th { word-break: keep-all; }
details th, details td { white-space: nowrap; }
details thead th { white-space: normal; min-width: 6rem; vertical-align: bottom; }
ul { margin: 0 0 0.75rem; padding-left: 1.25rem; }
pre { margin: 0 0 1rem; padding: 0.85rem 1rem; overflow-x: auto; background: var(--card); border: 1px solid var(--edge); border-radius: 0.75rem; }
footer { margin-top: 2rem; color: var(--soft); border-top: 1px solid var(--edge); padding-top: 0.75rem; }
`;
