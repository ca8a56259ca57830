/** How the elements look. Whoever embeds them sets `--tally-…`, or styles parts; dark follows the page's `color-scheme`. */
export const styles = `
  :host {
    --ink: var(--tally-ink, light-dark(#1a1f36, #e9ebf2));
    --soft: var(--tally-soft, light-dark(#545d70, #a9b1c4));
    --line: var(--tally-line, light-dark(#dde1e8, #363c4b));
    --ground: var(--tally-ground, light-dark(#fff, #1a1d27));
    --wash: var(--tally-wash, light-dark(#eff1f6, #242836));
    --accent: var(--tally-accent, light-dark(#4b45c6, #a8a4ff));
    --on-accent: var(--tally-on-accent, light-dark(#fff, #16142e));
    --good: var(--tally-good, light-dark(#12714a, #6fcf9c));
    --warn: var(--tally-warn, light-dark(#8a5300, #eeb455));
    --bad: var(--tally-bad, light-dark(#b0233a, #ff9aac));
    --radius: var(--tally-radius, 0.625rem);
    display: block;
    container-type: inline-size;
    color: var(--ink);
    font: 400 0.9375rem/1.5 var(--tally-font, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif);
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  :host([hidden]), [hidden] { display: none; }
  * { box-sizing: border-box; }
  h2, h3, p, dl, dd, ul, table, figure { margin: 0; padding: 0; }
  h2 { font-size: 1.125rem; font-weight: 600; line-height: 1.3; }
  h3 { font-size: 0.9375rem; font-weight: 600; }
  ul { list-style: none; }
  a { color: var(--accent); }
  b { font-weight: 600; }
  small, .soft, th, dt { color: var(--soft); font-size: 0.8125rem; font-weight: 400; }
  .card { background: var(--ground); border: 1px solid var(--line); border-radius: var(--radius); padding: 1rem; }
  .card, .stack { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; align-content: start; }
  .tight { gap: 0.25rem; }
  .row { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; }
  .end { margin-inline-start: auto; }
  .grow { flex: 1 1 16rem; }
  .apart { justify-content: space-between; }
  .grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, var(--least, 13rem)), 1fr)); }
  dl.grid { --least: 40%; }
  .figure { font-size: 1.75rem; font-weight: 650; line-height: 1.2; letter-spacing: -0.01em; }
  .balance { display: grid; grid-template: 'amount buy' 'facts facts' 'mini mini' / 1fr auto; gap: 0.5rem 1.5rem; align-items: center; }
  .balance > ul { grid-area: facts; }
  .balance > a { grid-area: buy; }
  .mini { grid-area: mini; }
  .place { min-height: 10.125rem; }
  @container (min-width: 34rem) {
    .place { min-height: 6.75rem; }
    .balance { grid-template: 'amount buy' 'facts mini' / 1fr minmax(10rem, 15rem); }
    .balance > a { justify-self: end; }
  }
  @container (min-width: 46rem) {
    dl.grid { --least: 20%; }
    .grids .bone:nth-child(n + 9) { display: none; }
  }
  @container (min-width: 56rem) {
    .place { min-height: 3.75rem; }
    .balance { grid-template: 'amount facts mini buy' / auto 1fr minmax(10rem, 15rem) auto; }
    .cols { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: start; }
  }
  .lines > * { padding: 0.625rem 0; border-top: 1px solid var(--line); }
  .lines > :first-child { border: 0; padding-top: 0; }
  .line { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: 1rem; }
  .facts > * { display: flex; justify-content: space-between; gap: 0.75rem; padding: 0.375rem 0; }
  .facts dt { overflow-wrap: break-word; }
  .facts dd { text-align: end; }
  li.card { display: flex; flex-direction: column; }
  .plans { --least: 15.5rem; }
  .foot { margin-top: auto; padding-top: 0.75rem; }
  .num { text-align: end; white-space: nowrap; }
  [role='status']:empty { position: absolute; }
  .quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .note { border-inline-start: 3px solid var(--tone, var(--accent)); background: var(--wash); border-radius: 0.375rem; padding: 0.5rem 0.75rem; }
  .badge { border: 1px solid var(--tone, var(--line)); border-radius: 1rem; padding: 0 0.625rem; font-size: 0.8125rem; color: var(--tone, var(--soft)); white-space: nowrap; }
  .good { --tone: var(--good); }
  .warning, .critical { --tone: var(--warn); }
  .exceeded { --tone: var(--bad); }
  .tone { color: var(--tone); }
  small.tone, .soft.tone { color: var(--tone, var(--soft)); }
  button, .button, input, select {
    font: inherit;
    color: inherit;
    min-height: 2.25rem;
    padding: 0.375rem 0.875rem;
    border: 1px solid var(--soft);
    border-radius: 0.5rem;
    background: none;
    max-width: 100%;
  }
  button, .button { display: inline-block; cursor: pointer; font-weight: 550; text-decoration: none; border-color: var(--line); background: var(--ground); text-align: center; }
  button:hover, .button:hover { border-color: var(--accent); }
  .primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
  .link { border: 0; padding: 0; min-height: 1.5rem; min-width: 1.5rem; background: none; color: var(--accent); text-decoration: underline; }
  [aria-disabled='true'] { opacity: 0.6; cursor: progress; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  select { background: var(--ground); }
  input[type='checkbox'], input[type='radio'] { min-height: 0; margin: 0; accent-color: var(--accent); width: 1.125rem; height: 1.125rem; flex: none; }
  label > input { width: 100%; }
  label { display: grid; gap: 0.25rem; }
  label.row { display: flex; gap: 0.5rem; flex-wrap: nowrap; }
  .pick { display: inline-flex; border: 1px solid var(--line); border-radius: 0.5rem; padding: 2px; gap: 2px; background: var(--wash); }
  .pick button { border: 0; min-height: 1.875rem; padding: 0 0.75rem; background: none; border-radius: 0.375rem; }
  .pick [aria-pressed='true'] { background: var(--ground); box-shadow: 0 0 0 1px var(--line); }
  svg { display: block; width: 100%; }
  .bar { height: 0.5rem; border-radius: 0.25rem; overflow: hidden; background: var(--line); }
  .bar.warning, .bar.critical { --tone: var(--tally-warn, light-dark(#c27c0e, #eeb455)); }
  .bar rect { fill: var(--tone, var(--accent)); }
  .chart { height: 9rem; border-bottom: 1px solid var(--line); }
  .s0 { --c: light-dark(#4b45c6, #8f8aff); }
  .s1 { --c: light-dark(#0f8f86, #4cc7bb); }
  .s2 { --c: light-dark(#d0842f, #efb36a); }
  .s3 { --c: light-dark(#b9517c, #ee97bb); }
  .s4 { --c: light-dark(#6c7a93, #9aa8c0); }
  .chart rect { fill: var(--c); }
  .key::before { content: ''; display: inline-block; width: 0.625rem; height: 0.625rem; margin-inline-end: 0.375rem; border-radius: 2px; background: var(--c); forced-color-adjust: none; }
  table { border-collapse: collapse; width: 100%; }
  th, td { padding: 0.375rem 0.5rem 0.375rem 0; text-align: start; vertical-align: baseline; border-top: 1px solid var(--line); }
  tr:first-child > * { border: 0; }
  .scroll { overflow-x: auto; }
  summary { cursor: pointer; }
  details > :not(summary) { margin-top: 0.75rem; }
  code { font-size: 0.8125rem; }
  dialog { color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: var(--radius); padding: 1.25rem; max-width: min(28rem, calc(100vw - 2rem)); }
  dialog::backdrop { background: #0008; }
  [aria-busy] { display: flow-root; }
  .bone { height: 1.125rem; border-radius: 0.375rem; background: var(--wash); margin: 0.5rem 0; }
  @media (prefers-reduced-motion: no-preference) {
    .bone { animation: wait 1.6s ease-in-out infinite alternate; }
    @keyframes wait { to { opacity: 0.45; } }
  }
  @media (forced-colors: active) {
    .bar { border: 1px solid; }
    .bar rect { fill: Highlight; }
    .primary { border-width: 2px; }
    .pick [aria-pressed='true'] { background: Highlight; color: HighlightText; forced-color-adjust: none; }
  }
`;
