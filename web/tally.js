// Made by web/pack.py. With Lit's templates: (c) Google LLC, BSD-3-Clause, see vendor/lit-html.LICENSE
const{html,nothing,render,svg}=(()=>{const t=globalThis,i=t=>t,s=t.trustedTypes,e=s?s.createPolicy("lit-html",{createHTML:t=>t}):void 0,h="$lit$",o=`lit$${Math.random().toFixed(9).slice(2)}$`,n="?"+o,r=`<${n}>`,l=void 0===t.document?{createTreeWalker:()=>({})}:document,c=()=>l.createComment(""),a=t=>null===t||"object"!=typeof t&&"function"!=typeof t,u=Array.isArray,d=t=>u(t)||"function"==typeof t?.[Symbol.iterator],f="[ \t\n\f\r]",v=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,_=/-->/g,m=/>/g,p=RegExp(`>|${f}(?:([^\\s"'>=/]+)(${f}*=${f}*(?:[^ \t\n\f\r"'\`<>=]|("|')|))|$)`,"g"),g=/'/g,$=/"/g,y=/^(?:script|style|textarea|title)$/i,x=t=>(i,...s)=>({_$litType$:t,strings:i,values:s}),T=x(1),b=x(2),w=x(3),E=Symbol.for("lit-noChange"),A=Symbol.for("lit-nothing"),C=new WeakMap,P=l.createTreeWalker(l,129);function V(t,i){if(!u(t)||!t.hasOwnProperty("raw"))throw Error("invalid template strings array");return void 0!==e?e.createHTML(i):i}const N=(t,i)=>{const s=t.length-1,e=[];let n,l=2===i?"<svg>":3===i?"<math>":"",c=v;for(let i=0;i<s;i++){const s=t[i];let a,u,d=-1,f=0;for(;f<s.length&&(c.lastIndex=f,u=c.exec(s),null!==u);)f=c.lastIndex,c===v?"!--"===u[1]?c=_:void 0!==u[1]?c=m:void 0!==u[2]?(y.test(u[2])&&(n=RegExp("</"+u[2],"g")),c=p):void 0!==u[3]&&(c=p):c===p?">"===u[0]?(c=n??v,d=-1):void 0===u[1]?d=-2:(d=c.lastIndex-u[2].length,a=u[1],c=void 0===u[3]?p:'"'===u[3]?$:g):c===$||c===g?c=p:c===_||c===m?c=v:(c=p,n=void 0);const x=c===p&&t[i+1].startsWith("/>")?" ":"";l+=c===v?s+r:d>=0?(e.push(a),s.slice(0,d)+h+s.slice(d)+o+x):s+o+(-2===d?i:x)}return[V(t,l+(t[s]||"<?>")+(2===i?"</svg>":3===i?"</math>":"")),e]};class S{constructor({strings:t,_$litType$:i},e){let r;this.parts=[];let l=0,a=0;const u=t.length-1,d=this.parts,[f,v]=N(t,i);if(this.el=S.createElement(f,e),P.currentNode=this.el.content,2===i||3===i){const t=this.el.content.firstChild;t.replaceWith(...t.childNodes)}for(;null!==(r=P.nextNode())&&d.length<u;){if(1===r.nodeType){if(r.hasAttributes())for(const t of r.getAttributeNames())if(t.endsWith(h)){const i=v[a++],s=r.getAttribute(t).split(o),e=/([.?@])?(.*)/.exec(i);d.push({type:1,index:l,name:e[2],strings:s,ctor:"."===e[1]?I:"?"===e[1]?L:"@"===e[1]?z:H}),r.removeAttribute(t)}else t.startsWith(o)&&(d.push({type:6,index:l}),r.removeAttribute(t));if(y.test(r.tagName)){const t=r.textContent.split(o),i=t.length-1;if(i>0){r.textContent=s?s.emptyScript:"";for(let s=0;s<i;s++)r.append(t[s],c()),P.nextNode(),d.push({type:2,index:++l});r.append(t[i],c())}}}else if(8===r.nodeType)if(r.data===n)d.push({type:2,index:l});else{let t=-1;for(;-1!==(t=r.data.indexOf(o,t+1));)d.push({type:7,index:l}),t+=o.length-1}l++}}static createElement(t,i){const s=l.createElement("template");return s.innerHTML=t,s}}function M(t,i,s=t,e){if(i===E)return i;let h=void 0!==e?s._$Co?.[e]:s._$Cl;const o=a(i)?void 0:i._$litDirective$;return h?.constructor!==o&&(h?._$AO?.(!1),void 0===o?h=void 0:(h=new o(t),h._$AT(t,s,e)),void 0!==e?(s._$Co??=[])[e]=h:s._$Cl=h),void 0!==h&&(i=M(t,h._$AS(t,i.values),h,e)),i}class k{constructor(t,i){this._$AV=[],this._$AN=void 0,this._$AD=t,this._$AM=i}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(t){const{el:{content:i},parts:s}=this._$AD,e=(t?.creationScope??l).importNode(i,!0);P.currentNode=e;let h=P.nextNode(),o=0,n=0,r=s[0];for(;void 0!==r;){if(o===r.index){let i;2===r.type?i=new R(h,h.nextSibling,this,t):1===r.type?i=new r.ctor(h,r.name,r.strings,this,t):6===r.type&&(i=new W(h,this,t)),this._$AV.push(i),r=s[++n]}o!==r?.index&&(h=P.nextNode(),o++)}return P.currentNode=l,e}p(t){let i=0;for(const s of this._$AV)void 0!==s&&(void 0!==s.strings?(s._$AI(t,s,i),i+=s.strings.length-2):s._$AI(t[i])),i++}}class R{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(t,i,s,e){this.type=2,this._$AH=A,this._$AN=void 0,this._$AA=t,this._$AB=i,this._$AM=s,this.options=e,this._$Cv=e?.isConnected??!0}get parentNode(){let t=this._$AA.parentNode;const i=this._$AM;return void 0!==i&&11===t?.nodeType&&(t=i.parentNode),t}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(t,i=this){t=M(this,t,i),a(t)?t===A||null==t||""===t?(this._$AH!==A&&this._$AR(),this._$AH=A):t!==this._$AH&&t!==E&&this._(t):void 0!==t._$litType$?this.$(t):void 0!==t.nodeType?this.T(t):d(t)?this.k(t):this._(t)}O(t){return this._$AA.parentNode.insertBefore(t,this._$AB)}T(t){this._$AH!==t&&(this._$AR(),this._$AH=this.O(t))}_(t){this._$AH!==A&&a(this._$AH)?this._$AA.nextSibling.data=t:this.T(l.createTextNode(t)),this._$AH=t}$(t){const{values:i,_$litType$:s}=t,e="number"==typeof s?this._$AC(t):(void 0===s.el&&(s.el=S.createElement(V(s.h,s.h[0]),this.options)),s);if(this._$AH?._$AD===e)this._$AH.p(i);else{const t=new k(e,this),s=t.u(this.options);t.p(i),this.T(s),this._$AH=t}}_$AC(t){let i=C.get(t.strings);return void 0===i&&C.set(t.strings,i=new S(t)),i}k(t){u(this._$AH)||(this._$AH=[],this._$AR());const i=this._$AH;let s,e=0;for(const h of t)e===i.length?i.push(s=new R(this.O(c()),this.O(c()),this,this.options)):s=i[e],s._$AI(h),e++;e<i.length&&(this._$AR(s&&s._$AB.nextSibling,e),i.length=e)}_$AR(t=this._$AA.nextSibling,s){for(this._$AP?.(!1,!0,s);t!==this._$AB;){const s=i(t).nextSibling;i(t).remove(),t=s}}setConnected(t){void 0===this._$AM&&(this._$Cv=t,this._$AP?.(t))}}class H{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(t,i,s,e,h){this.type=1,this._$AH=A,this._$AN=void 0,this.element=t,this.name=i,this._$AM=e,this.options=h,s.length>2||""!==s[0]||""!==s[1]?(this._$AH=Array(s.length-1).fill(new String),this.strings=s):this._$AH=A}_$AI(t,i=this,s,e){const h=this.strings;let o=!1;if(void 0===h)t=M(this,t,i,0),o=!a(t)||t!==this._$AH&&t!==E,o&&(this._$AH=t);else{const e=t;let n,r;for(t=h[0],n=0;n<h.length-1;n++)r=M(this,e[s+n],i,n),r===E&&(r=this._$AH[n]),o||=!a(r)||r!==this._$AH[n],r===A?t=A:t!==A&&(t+=(r??"")+h[n+1]),this._$AH[n]=r}o&&!e&&this.j(t)}j(t){t===A?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,t??"")}}class I extends H{constructor(){super(...arguments),this.type=3}j(t){this.element[this.name]=t===A?void 0:t}}class L extends H{constructor(){super(...arguments),this.type=4}j(t){this.element.toggleAttribute(this.name,!!t&&t!==A)}}class z extends H{constructor(t,i,s,e,h){super(t,i,s,e,h),this.type=5}_$AI(t,i=this){if((t=M(this,t,i,0)??A)===E)return;const s=this._$AH,e=t===A&&s!==A||t.capture!==s.capture||t.once!==s.once||t.passive!==s.passive,h=t!==A&&(s===A||e);e&&this.element.removeEventListener(this.name,this,s),h&&this.element.addEventListener(this.name,this,t),this._$AH=t}handleEvent(t){"function"==typeof this._$AH?this._$AH.call(this.options?.host??this.element,t):this._$AH.handleEvent(t)}}class W{constructor(t,i,s){this.element=t,this.type=6,this._$AN=void 0,this._$AM=i,this.options=s}get _$AU(){return this._$AM._$AU}_$AI(t){M(this,t)}}const Z={M:h,P:o,A:n,C:1,L:N,R:k,D:d,V:M,I:R,H,N:L,U:z,B:I,F:W},j=t.litHtmlPolyfillSupport;j?.(S,R),(t.litHtmlVersions??=[]).push("3.3.3");const B=(t,i,s)=>{const e=s?.renderBefore??i;let h=e._$litPart$;if(void 0===h){const t=s?.renderBefore??null;e._$litPart$=h=new R(i.insertBefore(c(),t),t,void 0,s??{})}return h._$AI(t),h};return{html:T,nothing:A,render:B,svg:b}})();
const options = {
baseUrl: '',
getToken: async () => null,
fetch: (url, init) => fetch(url, init),
buyUrl: '/buy',
plansUrl: '/pricing',
refreshSeconds: 60,
};
const PAUSES = [400, 1500];
const UNSURE = [0, 502, 503];
const resources = new Map();
const keys = new Map();
const elements = new Set();
let token;
let timer;
function configure(changed) {
Object.assign(options, changed);
token = undefined;
resources.clear();
for (const each of elements) each.requestUpdate();
}
const problem = (status, facts = {}, wait = 0) => ({ status, facts, wait });
async function ask(path, { method = 'GET', body, headers } = {}) {
for (let first = true; ; first = false) {
const used = (token ??= options.getToken());
const bearer = await used.catch(() => null);
const answer = await options
.fetch(options.baseUrl + path, {
method,
headers: Object.entries({
...headers,
Authorization: bearer && `Bearer ${bearer}`,
'Content-Type': body ? 'application/json' : '',
}).filter((pair) => pair[1]),
body: body ? JSON.stringify(body) : undefined,
})
.catch(() => null);
if (!bearer || answer?.status === 401) token = token === used ? undefined : token;
if (!answer) throw problem(0);
if (answer.ok || answer.status === 304) return answer;
if (answer.status === 401 && bearer && first) continue;
throw problem(answer.status, await answer.json().catch(() => {}), +(answer.headers.get('Retry-After') ?? 0));
}
}
async function command(path, body, method = 'POST') {
const name = path + JSON.stringify(body);
const key = keys.get(name) ?? String(crypto.getRandomValues(new BigUint64Array(2)));
keys.set(name, key);
for (let turn = 0; ; turn++) {
try {
const answer = await ask(path, { method, body, headers: { 'Idempotency-Key': method === 'POST' ? key : null } });
keys.delete(name);
refresh();
return await answer.json();
} catch (error) {
const unsure = UNSURE.includes((error).status);
if (!unsure) keys.delete(name);
if (!unsure || turn === PAUSES.length) throw error;
await new Promise((done) => setTimeout(done, PAUSES[turn]));
}
}
}
function resource(path) {
let etag;
let busy;
let [due, again] = [0, false];
async function read() {
let wait;
try {
const answer = await ask(path, { headers: { 'If-None-Match': etag } });
if (answer.status !== 304) {
found.value = await answer.json();
etag = answer.headers.get('ETag');
}
found.problem = undefined;
} catch (error) {
found.problem = (error).facts ? (error) : problem(0);
wait = found.problem.wait;
}
due = Date.now() + 1000 * (wait || options.refreshSeconds);
busy = undefined;
for (const each of found.hosts) each.requestUpdate();
if (again) await found.load();
}
const found = resources.get(path) ?? {
value: undefined,
problem: undefined,
hosts: new Set(),
load(force) {
again = !!busy && (again || !!force);
return (busy ??= read());
},
renew() {
if (Date.now() >= due) this.load();
},
};
resources.set(path, found);
if (!timer) document.addEventListener('visibilitychange', renew);
timer ??= setInterval(renew, 1000);
return found;
}
function refresh() {
for (const each of resources.values()) if (each.hosts.size) each.load(true);
}
function renew() {
if (!document.hidden) for (const each of resources.values()) if (each.hosts.size) each.renew();
}
const styles = `
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
const en = {
loading: 'Loading…',
problem: 'This didn’t work. Please try again.',
problem_0: 'You seem to be offline.',
problem_401: 'Please sign in to see this.',
problem_403: 'Only an owner of the team can do this.',
problem_404: 'This can’t be found.',
problem_429: 'That was a lot at once. Please wait a moment.',
problem_502: 'The payment provider doesn’t answer. Nothing was charged.',
problem_503: 'Very busy just now. Please try again.',
stale: 'This is what we knew last.',
retry: 'Retry',
again: 'Try again',
working: 'One moment…',
leaving: 'Taking you to the payment page…',
receipt: 'Receipt',
credits: ['{n} credit', '{n} credits'],
buy: 'Buy credits',
upgrade: 'Upgrade',
free: 'Free',
per_month: 'a month',
per_year: 'a year',
by_month: 'Monthly',
by_year: 'Yearly',
day: 'Day',
saves: 'Save {n}%',
available: 'available',
low: 'available – running low',
used_up: 'Used up',
frozen: 'Frozen: please write to us',
debt: ['You owe {n} credit; what you buy next pays it first', 'You owe {n} credits; what you buy next pays them first'],
held: '{n} held for running jobs',
set_aside: '{n} set aside during a dispute',
ends: ['{n} ends on {date}', '{n} end on {date}'],
runs_out: 'At your pace used up around {date}',
no_credits: 'Credits pay for what goes over your plan',
used_percent: '{name}: {n}% used',
'tally-usage': 'Usage',
'tally-predictions': 'Predictions',
span: 'Time span',
days: '{n} days',
period: ['{plan}, {from} – {to}; {n} credit spent so far', '{plan}, {from} – {to}; {n} credits spent so far'],
used_of: '{used} of {quota}',
ok: '{n} left',
warning: '{percent}% used, {n} left',
critical: 'Nearly used up: {n} left',
exceeded: 'Used up',
unlimited: 'Unlimited',
not_in_plan: 'Not in your plan',
over: ['{n} credit so far', '{n} credits so far'],
quota_warning: '{name}: {percent}% used. {n} left until {end}.',
quota_critical: '{name}: {percent}% used. Only {n} left until {end}.',
quota_exceeded: '{name}: all {quota} are used up. More costs credits until {end}.',
quota_ahead: '{name}: at your pace used up around {date}, before {end}.',
chart: 'Use by day',
all_meters: 'All, as shares of their quotas',
spent: 'Credits spent',
as_table: 'As a table',
peak: 'Most in a day: {n}',
predictions: 'Predictions',
with_feedback: 'With feedback',
without_feedback: 'Without',
feedback_rate: 'Feedback rate',
api_calls: 'API calls',
per_thousand: '{price} per 1,000',
bonus: '{total} credits, {n} of them free',
lasts: 'Good for {n} days',
lasts_forever: 'They don’t expire',
save_card: 'Save the card for automatic top-up',
buying: 'You pay on Stripe’s page. Your plan stays as it is.',
back_pending: 'Confirming your payment…',
after_pending: 'This takes a few seconds.',
back_delayed: 'This takes longer than usual.',
after_delayed: 'You can leave: the credits come by themselves once the payment is confirmed.',
back_awaiting_payment: 'Waiting for your bank.',
after_awaiting_payment: 'A bank debit can take some days. You get {n} credits once it is through.',
back_paid: 'Paid.',
after_paid: '{n} credits are yours.',
back_failed: 'The payment failed.',
after_failed: 'You were not charged. Please try another way to pay.',
back_expired: 'The payment page has expired.',
after_expired: 'You were not charged. Choose a package to start again.',
back_review: 'We are looking at this payment.',
after_review: 'You will hear from us.',
back_canceled: 'You came back without paying.',
after_canceled: 'You were not charged.',
history: 'History',
show: 'Show',
csv: 'Download CSV',
saved: ['{n} line saved.', '{n} lines saved.'],
older: 'Older',
newer: 'Newer',
no_entries: 'Nothing here yet. What you buy and use appears here.',
left: '{n} left',
uses: '{n} uses',
why: 'Why?',
kind_: 'Everything',
kind_purchase: 'Purchase',
kind_usage: 'Use',
kind_grant: 'Gift',
kind_hold: 'Hold',
kind_capture: 'Use of a hold',
kind_release: 'Hold released',
kind_lapse: 'Hold lapsed',
kind_expiry: 'Expired',
kind_transfer_out: 'Sent',
kind_transfer_in: 'Received',
kind_recall: 'Recalled',
kind_revocation: 'Refunded',
kind_restoration: 'Given back',
kind_set_aside: 'Dispute',
kind_adjustment: 'Correction',
kind_renewal: 'New month',
kind_plan_change: 'Plan changed',
kind_settings: 'Settings',
kind_freeze: 'Frozen or not',
kind_notice: 'Notice',
plans: 'Plans',
paid: 'Paid',
current: 'Your plan',
choose: 'Choose',
compare: 'Compare',
ask_us: 'Talk to us',
included: 'Credits included',
you_use: 'you: {used}',
you_use_over: 'you: {used}, over',
rate: ['then {n} credit per {per}', 'then {n} credits per {per}'],
rate_each: ['then {n} credit each', 'then {n} credits each'],
compared: '{from} and {to}',
your_use: 'Your use',
difference: 'Difference in price: {price}',
advice: 'Our advice:',
follow: 'Switch to {name} ({interval})',
sums: ['The sums, from {n} month', 'The sums, from {n} months'],
plan: 'Plan',
payments: 'Payments',
topup: 'Automatic top-up',
price: 'Price',
next_payment: 'Next payment',
change_plan: 'Change plan',
portal: 'Payment methods',
cancel: 'Cancel plan',
cancel_plan: 'Cancel {name}?',
cancel_period_end: 'On {date}, when what is paid ends',
cancel_now: 'Now',
keep_plan: 'Keep it',
keeps: ['{n} bought credit stays yours.', '{n} bought credits stay yours.'],
canceled_period_end: 'Cancelled. Your plan goes on until then.',
canceled_now: 'Cancelled.',
resume: 'Keep my plan',
resumed: 'Your plan goes on.',
ending: 'Ending',
ends_on: '{name} ends on {date}.',
pending: 'Changes to {name} on {date}.',
late: 'The last payment failed. Please check your card.',
status_active: 'Active',
status_trialing: 'On trial',
status_past_due: 'Payment failed',
status_unpaid: 'Not paid',
status_paused: 'Paused',
status_incomplete: 'Not complete',
status_canceled: 'Cancelled',
invoice: 'Invoice',
disputed: 'Disputed',
refunded: '{price} refunded',
no_payments: 'No payments yet.',
more: 'Show more',
paid_paid: 'Paid',
paid_pending: 'Not finished',
paid_awaiting_payment: 'Waiting for the bank',
paid_failed: 'Failed',
paid_expired: 'Not paid',
paid_open: 'Open',
paid_void: 'Void',
paid_review: 'Under review',
topup_enabled: 'Buy credits automatically with my saved card',
topup_below: 'When I have fewer than',
topup_target: 'Fill up to',
topup_package: 'With',
topup_cap: 'At most a month (empty: no limit)',
topup_saved: 'Saved.',
save: 'Save',
charged: '{price} this month',
topup_is_off: 'Off: you buy credits yourself.',
topup_is_armed: 'On: credits are bought when you run low.',
topup_is_waiting: 'On. Credits are bought shortly.',
topup_is_charging: 'A payment is under way.',
topup_is_backing_off: 'The card was declined. We try again later.',
topup_is_suspended: 'The card was declined too often. Please save another one.',
topup_is_authentication_required: 'Your bank wants you to confirm. Please buy once and save the card again.',
topup_is_capped: 'This month’s limit is reached.',
transfer: 'Move credits',
can_transfer: ['{n} credit can be moved.', '{n} credits can be moved.'],
to: 'To wallet',
how_many: 'Credits',
note: 'Note',
going: 'These go first',
until: 'until {date}',
forever: 'they don’t expire',
move: 'Move credits',
moved: ['{n} credit moved to {to}. {available} left.', '{n} credits moved to {to}. {available} left.'],
};
let table = en;
let locale = 'en';
let ready = Promise.resolve();
function speak(wanted) {
if (wanted === locale) return;
[locale, table] = [wanted, en];
if (/^de/.test(wanted)) ready = import('./src/de.js').then((there) => void (table = there.default));
}
function t(name, facts = {}) {
const found = table[name] ?? '';
const form = Array.isArray(found) ? found[+(new Intl.PluralRules(locale).select(facts.n) !== 'one')] : found;
return form.replace(/{(\w+)}/g, (_, key) => (typeof facts[key] === 'number' ? number(facts[key]) : facts[key]));
}
const number = (value, how) => new Intl.NumberFormat(locale, how).format(value).replace('-', '−');
const signed = (value) => number(value, { signDisplay: 'exceptZero' });
const price = ({ amount_minor, currency, exponent: digits }, short) =>
number(amount_minor / 10 ** digits, {
style: 'currency',
currency,
minimumFractionDigits: short && amount_minor % 10 ** digits === 0 ? 0 : digits,
maximumFractionDigits: digits,
});
const write = (how) => (at) => new Intl.DateTimeFormat(locale, how).format(new Date(at));
const day = write({ dateStyle: 'medium', timeZone: 'UTC' });
const shortDay = write({ day: 'numeric', month: 'short', timeZone: 'UTC' });
const moment = write({ dateStyle: 'medium', timeStyle: 'short' });
const Base = (globalThis.HTMLElement ?? class {});
const sheet = globalThis.CSSStyleSheet && new CSSStyleSheet();
sheet?.replaceSync(styles);
class Tally extends Base {
static observedAttributes = ['wallet'];
constructor() {
super();
this.given = { ...this };
this.wallet = '';
this.busy = '';
this.pending = false;
this.outcome = undefined;
this.used = new Set();
this.live('wallet');
}
live(...names) {
for (const name of names) {
let value = this.given[name] ?? (this)[name];
const set = (next) => {
value = next;
this.requestUpdate();
};
Object.defineProperty(this, name, { get: () => value, set });
}
}
attributeChangedCallback(name, _, text) {
const self = (this);
self[name] = typeof self[name] === 'number' ? Number(text) : (text ?? '');
}
connectedCallback() {
if (!this.shadowRoot) this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [sheet];
speak(options.locale || document.documentElement.lang || 'en');
elements.add(this);
this.requestUpdate();
}
disconnectedCallback() {
elements.delete(this);
for (const each of this.used) each.hosts.delete(this);
}
async requestUpdate() {
if (this.pending) return;
this.pending = true;
await ready;
this.pending = false;
if (!this.isConnected) return;
const before = this.used;
this.used = new Set();
render(this.render(), (this.shadowRoot));
for (const each of before) if (!this.used.has(each)) each.hosts.delete(this);
}
render() {
return nothing;
}
of(path) {
return this.wallet ? `${path}${path.includes('?') ? '&' : '?'}wallet=${encodeURIComponent(this.wallet)}` : path;
}
use(path) {
const found = resource(this.of(path));
this.used.add(found);
found.hosts.add(this);
found.renew();
return found;
}
show(needed, draw, rows, also = []) {
const failed = needed.find((each) => each.problem)?.problem;
const there = needed.every((each) => each.value) && also.every((each) => each.value || each.problem);
const again = () => needed.forEach((each) => each.problem && each.load(true));
const drawn = there
? draw(...(needed.map((each) => each.value)))
: failed
? nothing
: html`<div aria-busy="true">
<span class="quiet">${t('loading')}</span>${Array(rows).fill(html`<div class="bone"></div>`)}
</div>`;
return html`${drawn}${
failed
? html`<p class=${there ? 'row soft tone warning' : 'row note warning'} role=${there ? 'status' : 'alert'}>
${why(failed)} ${there ? t('stale') : nothing}
${failed.status === 401 ? nothing : button(t('retry'), again, there ? 'link' : '')}
</p>`
: nothing
}`;
}
async attempt(at, work, told) {
if (this.busy) return;
this.busy = at;
this.outcome = undefined;
this.requestUpdate();
try {
this.outcome = { at, good: told(await work()) };
} catch (error) {
this.outcome = { at, bad: why((error)), again: () => this.attempt(at, work, told) };
}
this.busy = '';
this.requestUpdate();
}
run(at, path, body, told, method) {
const work = () => command(this.of(path), body, method);
return this.attempt(at, work, (answer) => {
this.dispatchEvent(new CustomEvent('tally-change', { bubbles: true, composed: true, detail: { path, answer } }));
return told(answer);
});
}
said(at) {
const { good, bad, again } = this.outcome?.at === at ? this.outcome : ({});
const said = good
? note('good', good)
: bad
? note('exceeded row', html`<span>${bad}</span>${button(t('again'), again)}`)
: nothing;
return html`<div role="status">${said}</div>`;
}
act(label, at, act, kind, name) {
return button(this.busy === at ? t('working') : label, act, kind, name, !!this.busy);
}
}
function define(name, made) {
if (globalThis.customElements && !customElements.get(name)) customElements.define(name, made);
}
const why = ({ status, facts }) => t(`problem_${status}`) || (status < 500 && facts?.detail) || t('problem');
const button = (label, act, kind = '', name, busy) =>
html`<button
type="button"
part="button"
class=${kind}
aria-label=${name ?? nothing}
aria-disabled=${busy || nothing}
@click=${act}
>
${label}
</button>`;
const link = (label, url, kind = 'button') => html`<a part="button" class=${kind} href=${url}>${label}</a>`;
const away = (url) => (/^https?:\/\//.test(`${url}`) ? `${url}` : undefined);
const leave = (url) => {
if (away(url)) location.assign(`${url}`);
};
const note = (level, content) => html`<div part="note" class="note ${level}">${content}</div>`;
const badge = (level, content) => html`<span part="badge" class="badge ${level}">${content}</span>`;
const terms = (facts) =>
html`<dl class="grid">
${facts.map(
([name, value]) =>
html`<div>
<dt>${name}</dt>
<dd>${value}</dd>
</div>`,
)}
</dl>`;
const bar = ({ name, used, quota, level }, said) =>
html`<svg
part="meter"
class="bar ${level}"
role="meter"
aria-label=${name}
aria-valuemin="0"
aria-valuemax=${quota}
aria-valuenow=${Math.min(used, quota ?? 0)}
aria-valuetext=${said}
>
<rect height="8" width="${Math.min(100, (100 * used) / (quota || 1))}%"></rect>
</svg>`;
const pick = (label, choices, chosen, choose) =>
html`<div class="pick" role="group" aria-label=${label}>
${choices.map(
([value, name]) =>
html`<button type="button" aria-pressed=${value === chosen} @click=${() => choose(value)}>${name}</button>`,
)}
</div>`;
const most = (days) => Math.max(...days.map((parts) => parts.reduce((before, each) => before + each, 0)));
function chart(label, days) {
const top = most(days) || 1;
return html`<svg
class="chart"
role="img"
aria-label=${label}
viewBox="0 0 ${days.length * 10} 100"
preserveAspectRatio="none"
>
${days.map((parts, x) => {
let y = 100;
return parts.map((part, nth) => {
const height = (96 * part) / top;
y -= height;
return svg`<rect class="s${nth}" x=${x * 10 + 1.5} y=${y} width="7" height=${height}></rect>`;
});
})}
</svg>`;
}
define(
'tally-balance',
class extends Tally {
render() {
const usage = this.use('/api/user/usage?days=30');
const drawn = this.show([this.use('/api/credits/balance')], (balance) => this.draw(balance, usage.value), 2, [
usage,
]);
return html`<div class="place">${drawn}</div>`;
}
draw({ available: n, held, set_aside, debt, low, frozen, lots, expiring_next: next, runs_out, warnings }, usage) {
const full = usage?.meters.filter((each) => each.quota).sort((a, b) => (b.percent ?? 0) - (a.percent ?? 0))[0];
const level = debt || (low && !n) ? 'exceeded' : low ? 'warning' : '';
const soon = warnings.some((each) => each.code === 'expiring');
const used = full && t('used_percent', { name: full.name, n: full.percent });
const facts = [
[frozen, t('frozen'), 'exceeded'],
[debt, t('debt', { n: debt }), 'exceeded'],
[held, t('held', { n: held })],
[set_aside, t('set_aside', { n: set_aside }), 'warning'],
[next, next ? t('ends', { n: next.credits, date: day(next.at) }) : '', soon ? 'warning' : ''],
[runs_out?.likely, runs_out?.likely ? t('runs_out', { date: day(runs_out.likely) }) : ''],
[!lots.length && !debt, t('no_credits')],
];
return html`<div class="balance">
<p role="status" class=${level}>
<span part="amount" class="figure tone">${t('credits', { n })}</span>
<small class="tone">${t(low ? (n ? 'low' : 'used_up') : 'available')}</small>
</p>
<ul>
${facts.map(([there, said, kind]) => (there ? html`<li class="soft tone ${kind}">${said}</li>` : nothing))}
</ul>
${
full && used
? html`<div class="stack tight mini">
<small class="tone ${full.level}">${used}</small>${bar(full, used)}
</div>`
: nothing
}
${link(t('buy'), options.buyUrl, 'button primary')}
</div>`;
}
},
);
class Days extends Tally {
static observedAttributes = ['wallet', 'days'];
constructor() {
super();
this.days = 30;
this.last = undefined;
this.live('days');
}
card(path, draw, rows) {
const wanted = this.use(`${path}?days=${this.days}`);
if (wanted.value || wanted.problem) this.last = wanted;
const spans = [7, 30, 90].map((n) => ([n, t('days', { n })]));
return html`<section class="card" part="card">
<div class="row apart">
<h2 part="title">${t(this.localName)}</h2>
${pick(t('span'), spans, this.days, (chosen) => (this.days = chosen))}
</div>
${this.show([this.last ?? wanted], draw, rows)}
</section>`;
}
chart(label, days, parts, names, cells, heads) {
const top = most(parts);
const peak = t('peak', { n: number(top, top < 1 ? { style: 'percent', maximumFractionDigits: 1 } : {}) });
return html`<figure class="stack tight">
<small>${peak}</small>
${chart(`${label}. ${peak}`, parts)}
<p class="row apart soft">
<span>${shortDay(days[0].date)}</span><span>${shortDay(days[days.length - 1].date)}</span>
</p>
<figcaption class="row soft">
${names.map((name, nth) => html`<span class="key s${nth}">${name}</span>`)}
</figcaption>
<details>
<summary class="soft">${t('as_table')}</summary>
<div class="scroll" tabindex="0" role="region" aria-label=${label}>
<table>
<tr>
${[t('day'), ...heads].map((name) => html`<th scope="col">${name}</th>`)}
</tr>
${days.map(
({ date }, nth) =>
html`<tr>
<th scope="row">${shortDay(date)}</th>
${cells[nth].map((cell) => html`<td class="num">${number(cell)}</td>`)}
</tr>`,
)}
</table>
</div>
</details>
</figure>`;
}
}
define(
'tally-usage',
class extends Days {
constructor() {
super();
this.shown = '';
this.live('shown');
}
render() {
return this.card('/api/user/usage', (usage) => this.draw(usage), 14);
}
draw({ plan, period, meters, warnings, actions, daily, credits }) {
const told = warnings.filter((each) => each.meter);
const facts = { plan: plan.name, from: day(period.start), to: day(period.end), n: credits.spent_in_period };
return html`<p class="soft">${t('period', facts)}</p>
${told.map((each) => note(each.code.slice(6), this.warning(each, meters, period.end)))}
<ul class="lines">
${meters.map((each) => this.meter(each))}
</ul>
${
actions.length
? html`<div class="row">
${actions.map(({ action, message }) =>
action === 'upgrade'
? html`${link(t('upgrade'), options.plansUrl)}<small lang="en">${message}</small>`
: link(t('buy'), options.buyUrl, 'button primary'),
)}
</div>`
: nothing
}
${this.days_of(meters, daily)}`;
}
meter(meter) {
const { name, used, quota, remaining, percent, level, overage_credits: n } = meter;
const said = quota ? t('used_of', { used, quota }) : number(used);
return html`<li class="stack tight">
<div class="row apart"><b>${name}</b><span>${said}</span></div>
${quota ? bar(meter, `${said}, ${t(level, { n: remaining, percent })}`) : nothing}
<div class="row apart soft">
<span class="tone ${level}">
${t(quota ? level : quota === null ? 'unlimited' : 'not_in_plan', { n: remaining, percent })}
</span>
${n ? html`<span>${t('over', { n })}</span>` : nothing}
</div>
</li>`;
}
warning({ code, meter: name, message }, meters, end) {
const meter = meters.find((each) => each.meter === name);
const facts = { ...meter, n: meter?.remaining, date: day(meter?.runs_out?.likely ?? end), end: day(end) };
return t(code, facts) || message;
}
days_of(meters, daily) {
const limited = meters.filter((each) => each.quota && each.kind === 'counter');
const one = meters.find((each) => each.meter === this.shown);
const names = one ? [one.name] : this.shown ? [t('spent')] : limited.map((each) => each.name);
const parts = daily.map(({ meters: used, credits }) =>
one
? [used[one.meter]]
: this.shown
? [credits]
: limited.map(({ meter, quota }) => used[meter] / (quota || 1)),
);
const cells = daily.map((each) => [...meters.map(({ meter }) => each.meters[meter]), each.credits]);
return html`<label class="row">
<span class="soft">${t('chart')}</span>
<select @change=${(event) => (this.shown = event.target.value)}>
<option value="">${t('all_meters')}</option>
${meters.map(({ meter, name }) => html`<option value=${meter}>${name}</option>`)}
<option value="credits">${t('spent')}</option>
</select>
</label>
${this.chart(t('chart'), daily, parts, names, cells, [...meters.map((each) => each.name), t('spent')])}`;
}
},
);
define(
'tally-predictions',
class extends Days {
render() {
return this.card('/api/customer/usage', (usage) => this.draw(usage), 12);
}
draw({ predictions: { total, with_feedback }, feedback_rate: rate, api_calls, daily }) {
const facts = [
['predictions', number(total)],
['with_feedback', number(with_feedback)],
['feedback_rate', rate === null ? '–' : number(rate, { style: 'percent', maximumFractionDigits: 1 })],
['api_calls', number(api_calls)],
];
const parts = daily.map((each) => [each.with_feedback, each.predictions - each.with_feedback]);
const names = [t('with_feedback'), t('without_feedback')];
return html`${terms(facts.map(([name, said]) => [t(name), html`<span class="figure">${said}</span>`]))}
${this.chart(t('predictions'), daily, parts, names, parts, names)}`;
}
},
);
const [FIRST_WAIT, LONGEST_WAIT] = [500, 8000];
const PATIENCE = 20_000;
define(
'tally-packages',
class extends Tally {
constructor() {
super();
this.bought = '';
this.canceled = false;
this.waited = 0;
this.wait = FIRST_WAIT;
this.timer = undefined;
}
connectedCallback() {
const query = new URLSearchParams(location.search);
this.bought = query.get('purchase') ?? '';
this.canceled = query.has('canceled');
super.connectedCallback();
}
disconnectedCallback() {
super.disconnectedCallback();
clearTimeout(this.timer);
this.timer = undefined;
}
render() {
return html`<section class="stack grids">
<h2 part="title">${t('buy')}</h2>
${this.bought ? html`<div role="status">${this.back()}</div>` : nothing}
${this.show([this.use('/api/credits/packages')], ({ packages }) => this.offers(packages), 20)}
</section>`;
}
back() {
const found = this.use(`/api/credits/purchases/${encodeURIComponent(this.bought)}`);
if (found.problem && !found.value) return this.show([found], () => nothing, 1);
const { status = 'pending', credits = 0, bonus_credits: bonus = 0, receipt_url } = found.value ?? {};
if (/^(pending|awaiting)/.test(status) && !this.canceled)
this.timer ??= setTimeout(() => this.look(found), this.wait);
const state =
status === 'pending' && this.canceled
? 'canceled'
: status === 'pending' && this.waited > PATIENCE
? 'delayed'
: status;
const receipt = away(receipt_url);
return note(
`row ${state === 'paid' ? 'good' : state === 'failed' ? 'exceeded' : 'pending'}`,
html`<span><b>${t(`back_${state}`)}</b> ${t(`after_${state}`, { n: credits + bonus })}</span>
${receipt ? link(t('receipt'), receipt, 'end') : nothing}`,
);
}
async look(found) {
this.waited += this.wait;
this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
if (!document.hidden) await found.load(true);
this.timer = undefined;
if (found.value?.status === 'paid') refresh();
this.requestUpdate();
}
offers(packages) {
return html`<ul class="grid">
${packages.map((each) => this.offer(each))}
</ul>
<label class="row"><input type="checkbox" id="save" />${t('save_card')}</label>
<p class="soft">${t('buying')}</p>`;
}
offer({
package_id,
name,
credits,
bonus_credits: bonus,
price: cost,
expires_after_days: n,
saves_percent: saves,
}) {
const unit = { ...cost, amount_minor: Math.round((1000 * cost.amount_minor) / (credits + bonus)) };
return html`<li class="card tight" part="package">
<div class="row apart">
<h3>${name}</h3>
${saves ? badge('good', t('saves', { n: saves })) : nothing}
</div>
<p class="figure">${price(cost)}</p>
<p class="soft">${t('per_thousand', { price: price(unit) })}</p>
${bonus ? html`<p>${t('bonus', { n: bonus, total: credits + bonus })}</p>` : nothing}
<p class="soft">${n ? t('lasts', { n }) : t('lasts_forever')}</p>
<p class="foot">
${this.act(t('buy'), package_id, () => this.buy(package_id), 'primary', `${t('buy')}: ${name}`)}
</p>
${this.said(package_id)}
</li>`;
}
buy(package_id) {
const { checked: save_card } = (this.shadowRoot?.getElementById('save'));
const here = new URL(location.href);
for (const name of ['purchase', 'session_id', 'canceled']) here.searchParams.delete(name);
const path = here.pathname + here.search;
const return_path = /^[\w/?&=.~-]*$/.test(path) ? path : here.pathname;
return this.run(
package_id,
'/api/credits/purchase',
{ package_id, save_card, return_path },
({ checkout_url }) => {
leave(checkout_url);
return t('leaving');
},
);
}
},
);
const KINDS = 'purchase usage grant expiry transfer_out transfer_in revocation restoration'.split(' ');
const COLUMNS =
'seq at kind credits available_after meter quantity from_quota purchase_id labels note reason actor hash'.split(' ');
define(
'tally-history',
class extends Tally {
static observedAttributes = ['wallet', 'kind'];
constructor() {
super();
this.kind = '';
this.open = 0;
this.pages = [''];
this.live('kind', 'open', 'pages');
}
path(cursor, limit) {
return `/api/credits/history?limit=${limit}${this.kind && `&type=${this.kind}`}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
}
render() {
return html`<section class="card" part="card">
<div class="row apart">
<h2 part="title">${t('history')}</h2>
<div class="row">
<select aria-label=${t('show')} @change=${(event) => this.choose(event.target.value)}>
${['', ...KINDS].map((kind) => html`<option value=${kind} ?selected=${kind === this.kind}>${t(`kind_${kind}`)}</option>`)}
</select>
${this.act(t('csv'), 'csv', () => this.save())}
</div>
</div>
${this.said('csv')}
${this.show([this.use(this.path(this.pages[this.pages.length - 1], 10))], (page) => this.page(page), 16)}
</section>`;
}
choose(kind) {
this.pages = [''];
this.kind = kind;
}
page({ entries, next_cursor: next }) {
return html`${
entries.length
? html`<ul class="lines">
${entries.map((each) => this.line(each))}
</ul>`
: html`<p class="soft">${t('no_entries')}</p>`
}
${
this.pages[1] || next
? html`<div class="row">
${this.pages[1] ? button(t('newer'), () => (this.pages = this.pages.slice(0, -1))) : nothing}
${next ? button(t('older'), () => (this.pages = [...this.pages, next])) : nothing}
</div>`
: nothing
}`;
}
line(entry) {
const { seq, kind, at, credits, available_after: n, uses } = entry;
const { meter, quantity, set } = uses?.length === 1 ? uses[0] : entry;
const what = meter
? `${number(quantity ?? set ?? 0)} × ${meter.replace(/_/g, ' ')}`
: uses
? t('uses', { n: uses.length })
: '';
const toggle = () => (this.open = this.open === seq ? 0 : seq);
return html`<li class="stack">
<div class="line">
<p><b>${t(`kind_${kind}`)}</b> ${what}<br /><small>${moment(at)}</small></p>
<p class="num">
<b class="tone ${credits > 0 ? 'good' : ''}">${signed(credits)}</b><br /><small>${t('left', { n })}</small>
</p>
<button type="button" class="link" aria-expanded=${this.open === seq} @click=${toggle}>
${t('why')}<span class="quiet"> ${signed(credits)}, ${moment(at)}</span>
</button>
</div>
${this.open === seq ? this.why(entry) : nothing}
</li>`;
}
why({ seq, purchase_id, labels, note, reason, hash }) {
const bought = purchase_id ? this.use(`/api/credits/purchases/${purchase_id}`).value : null;
const receipt = away(bought?.receipt_url);
const named = [labels ?? {}].flat().flatMap((each) => Object.entries(each));
const notes = [...named.map((pair) => pair.join(': ')), note, reason].filter(Boolean);
return html`<div class="note">
${this.show([this.use(`/api/credits/entries/${seq}/explanation`)], (explained) => this.sums(explained), 3)}
${notes.map((each) => html`<p>${each}</p>`)}
<p class="row soft"><code>${hash.slice(0, 16)}</code>${receipt ? link(t('receipt'), receipt, '') : nothing}</p>
</div>`;
}
sums({ steps, draws }) {
return html`<table lang="en">
${steps.map(
({ text, expression, value }) =>
html`<tr>
<td>${text}<br /><code>${expression}</code></td>
<td class="num">${number(value)}</td>
</tr>`,
)}
${draws.map(
({ lot_id, because, credits }) =>
html`<tr>
<td>${lot_id}: ${because}</td>
<td class="num">${signed(credits)}</td>
</tr>`,
)}
</table>`;
}
save() {
const lines = [COLUMNS.join()];
const work = async () => {
for (let cursor = ''; ;) {
const { entries, next_cursor } = await (await ask(this.of(this.path(cursor, 100)))).json();
for (const each of entries) lines.push(COLUMNS.map((name) => cell(each[name])).join());
if (!next_cursor) break;
cursor = next_cursor;
}
const href = URL.createObjectURL(new Blob([lines.join('\r\n') + '\r\n'], { type: 'text/csv' }));
Object.assign(document.createElement('a'), { href, download: 'credits.csv' }).click();
URL.revokeObjectURL(href);
};
return this.attempt('csv', work, () => t('saved', { n: lines.length - 1 }));
}
},
);
function cell(value) {
const text = typeof value === 'string' ? value.replace(/^[=+@\t\r-]/, "'$&") : JSON.stringify(value ?? '');
return /["\n\r,]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
define(
'tally-plans',
class extends Tally {
static observedAttributes = ['wallet', 'interval'];
constructor() {
super();
this.interval = 'month';
this.to = '';
this.live('interval', 'to');
}
render() {
const mine = this.use('/api/user/subscription');
const usage = this.use('/api/user/usage?days=30');
const advised = this.use('/api/user/recommendation');
const intervals = ['month', 'year'].map((each) => ([each, t(`by_${each}`)]));
return html`<section class="stack grids">
<div class="row apart">
<h2 part="title">${t('plans')}</h2>
${pick(t('paid'), intervals, this.interval, (chosen) => (this.interval = chosen))}
</div>
${this.show([this.use('/api/plans')], (plans) => [advised.value ? this.advice(advised.value) : nothing, this.cards(plans, mine.value, usage.value)], 20, [mine, usage, advised])}
${
this.to
? html`<div class="card" part="card">
${this.show([this.use(`/api/plans/compare?to=${this.to}`)], (compared) => this.compared(compared), 8)}
</div>`
: nothing
}
</section>`;
}
cards({ plans, meters, incentive }, mine, usage) {
return html`${incentive && mine?.plan_id === 'free' ? note('good', incentive.name) : nothing}
<ul class="grid plans">
${plans.map((plan) => {
const { plan_id, name, prices, self_service, quotas, rates, included_credits: n } = plan;
const cost = prices[this.interval];
const current = mine?.plan_id === plan_id && (mine.interval === this.interval || !cost?.amount_minor);
const saves = this.interval === 'year' && plan.year_saves_percent;
return html`<li class="card" part="plan">
<div class="row apart">
<h3>${name}</h3>
${current ? badge('good', t('current')) : saves ? badge('good', t('saves', { n: saves })) : nothing}
</div>
<p>
<span class="figure">${cost ? price(cost, true) : '–'}</span>
<small>${t(`per_${this.interval}`)}</small>
</p>
<dl class="lines facts">
${meters.map(({ meter, name }) => {
const used = usage?.meters.find((each) => each.meter === meter)?.used;
return this.fact(
name,
amount(quotas[meter]),
rates[meter] && rate(rates[meter]),
used,
quotas[meter],
);
})}
${this.fact(t('included'), number(n))}
</dl>
<p class="foot row">
${
current || plan_id === 'free'
? nothing
: self_service
? this.act(
t('choose'),
plan_id,
() => this.choose(plan_id, plan_id, this.interval),
'primary',
`${t('choose')}: ${name}`,
)
: html`<small>${t('ask_us')}</small>`
}
${mine && !current ? button(t('compare'), () => (this.to = plan_id), 'link', `${t('compare')}: ${name}`) : nothing}
</p>
${this.said(plan_id)}
</li>`;
})}
</ul>`;
}
fact(name, said, rate, used, quota = 0) {
const over = used && quota !== null && used > quota;
return html`<div>
<dt>${name}</dt>
<dd>
${said}
${used ? html`<br /><small class="tone ${over ? 'warning' : ''}">${t(over ? 'you_use_over' : 'you_use', { used })}</small>` : nothing}
${rate ? html`<br /><small>${rate}</small>` : nothing}
</dd>
</div>`;
}
choose(at, plan_id, interval) {
return this.run(at, '/api/user/subscription/checkout', { plan_id, interval }, (answer) => {
if (!('checkout_url' in answer)) return answer.message;
leave(answer.checkout_url);
return t('leaving');
});
}
compared({ from, to, rows, price_difference: more, incentive }) {
const label = t('compared', { from: from.name, to: to.name });
return html`<h3>${label}</h3>
<div class="scroll" tabindex="0" role="region" aria-label=${label}>
<table>
<tr>
<td></td>
${[from.name, to.name, t('your_use')].map((name) => html`<th scope="col">${name}</th>`)}
</tr>
${rows.map(
({ kind, name, from: here, to: there, used }) =>
html`<tr>
<th scope="row">${name}</th>
${[here, there].map((cell) => html`<td>${value(kind, cell)}</td>`)}
<td>${used === undefined ? nothing : number(used)}</td>
</tr>`,
)}
</table>
</div>
${more ? html`<p>${t('difference', { price: price(more) })}</p>` : nothing}
${incentive ? note('good', incentive.name) : nothing}`;
}
advice({ current, options, recommended: best, based_on, not_counted, message }) {
const other = best && (best.plan_id !== current.plan_id || best.interval !== current.interval);
return html`<div class="note stack ${other ? 'good' : ''}" part="advice">
<div class="row apart">
<p class="grow"><b>${t('advice')}</b> <span lang="en">${message}</span></p>
${
other && best.self_service
? this.act(t('follow', { name: best.name, interval: t(`by_${best.interval}`) }), 'advice', () =>
this.choose('advice', best.plan_id, best.interval),
)
: nothing
}
</div>
${this.said('advice')}
${
options.length
? html`<details>
<summary class="soft">${t('sums', { n: based_on.periods })}</summary>
<table>
${options.map(
({ name, interval, packages, cost, saves }) =>
html`<tr>
<td>
${name}, ${t(`by_${interval}`)}
${packages.map((each) => html`<br /><small>+ ${t('credits', { n: each.credits })}</small>`)}
</td>
<td class="num">
${price(cost)}${saves ? html`<br /><small class="tone good">−${price(saves)}</small>` : nothing}
</td>
</tr>`,
)}
</table>
<p class="soft" lang="en">${not_counted.join(' ')}</p>
</details>`
: nothing
}
</div>`;
}
},
);
const amount = (quota) => (quota === null ? t('unlimited') : quota ? number(quota) : '–');
const rate = ({ credits: n, per }) => t(per === 1 ? 'rate_each' : 'rate', { n, per });
const value = (kind, cell) =>
kind === 'quota'
? amount(cell)
: cell === null
? '–'
: kind === 'rate'
? rate(cell)
: kind === 'price'
? price(cell)
: number(cell);
const PATH = '/api/user/subscription/';
define(
'tally-billing',
class extends Tally {
constructor() {
super();
this.limit = 5;
this.live('limit');
}
render() {
const parts = [
['plan', this.show([this.use('/api/user/subscription')], (mine) => this.plan(mine), 8)],
['payments', this.show([this.use(`/api/user/payments?limit=${this.limit}`)], (paid) => this.payments(paid), 6)],
[
'topup',
this.show(
[this.use('/api/credits/auto-topup'), this.use('/api/credits/packages')],
(set, { packages }) => this.topup(set, packages),
6,
),
],
];
const [plan, payments, topup] = parts.map(
([name, part]) =>
html`<section class="card" part="card">
<h2 part="title">${t(name)}</h2>
${part}${this.said(name)}
</section>`,
);
return html`<div class="stack cols">
<div class="stack">${plan}${topup}</div>
${payments}
</div>`;
}
plan({
name,
status,
interval,
price: cost,
current_period_end: end,
next_billing_at: next,
ends_at: ends,
pending_plan_id: pending,
keeps,
}) {
const late = status !== 'active' && status !== 'trialing';
const keep = t('keeps', { n: keeps.credits });
return html`<div class="row">
<span class="figure">${name}</span>
${badge(late ? 'exceeded' : ends ? 'warning' : 'good', (ends ? t('ending') : t(`status_${status}`)) || status)}
</div>
${late ? note('exceeded', t('late')) : ends ? note('warning', `${t('ends_on', { name, date: day(ends) })} ${keep}`) : pending ? note('', t('pending', { name: pending, date: day(end) })) : nothing}
${terms([
[t('price'), cost?.amount_minor ? `${price(cost)} ${t(`per_${interval}`)}` : t('free')],
[t('next_payment'), next ? day(next) : '–'],
])}
<div class="row">
${link(t('change_plan'), options.plansUrl)} ${link(t('buy'), options.buyUrl)}
${cost?.amount_minor ? this.act(t('portal'), 'portal', () => this.run('plan', '/api/user/portal', {}, ({ url }) => (leave(url), t('leaving')))) : nothing}
${
ends || pending
? this.act(
t('resume'),
'plan',
() => this.run('plan', `${PATH}resume`, {}, () => t('resumed')),
'primary',
)
: next
? button(t('cancel'), () => this.shadowRoot?.querySelector('dialog')?.showModal(), 'cancel')
: nothing
}
</div>
<dialog aria-labelledby="cancel">
<form
method="dialog"
class="stack"
@submit=${(event) => this.cancel(event.submitter.value, event.target.at.value)}
>
<h3 id="cancel">${t('cancel_plan', { name })}</h3>
${['period_end', 'now'].map(
(at, nth) =>
html`<label class="row"
><input
type="radio"
name="at"
value=${at}
?checked=${!nth}
/>${t(`cancel_${at}`, { date: day(end) })}</label
>`,
)}
<p>${keep}</p>
<div class="row">
<button class="primary" value="">${t('keep_plan')}</button><button value="yes">${t('cancel')}</button>
</div>
</form>
</dialog>`;
}
cancel(answer, at) {
if (answer) this.run('plan', `${PATH}cancel`, { at }, () => t(`canceled_${at}`));
}
payments({ payments, next_cursor: more }) {
return html`<ul class="lines">
${payments.map(
({ kind, number, credits, created_at, disputed, status, amount, refunded_minor: back, receipt_url }) => {
const receipt = away(receipt_url);
return html`<li class="row apart">
<p>
${kind === 'invoice' ? `${t('invoice')} ${number ?? ''}` : t('credits', { n: credits })}<br /><small
>${day(created_at)}</small
>
</p>
<p class="num">
${price(amount)}
${disputed ? badge('warning', t('disputed')) : badge(status === 'paid' ? 'good' : '', t(`paid_${status}`) || status)}
<br /><small
>${back ? t('refunded', { price: price({ ...amount, amount_minor: back }) }) : nothing}
${receipt ? link(t('receipt'), receipt, '') : nothing}</small
>
</p>
</li>`;
},
)}
</ul>
${payments.length ? nothing : html`<p class="soft">${t('no_payments')}</p>`}
${more ? html`<div>${button(t('more'), () => (this.limit = Math.min(100, this.limit * 4)))}</div>` : nothing}`;
}
topup(
{ enabled, below, target, package_id: chosen, monthly_cap_minor: cap, status, charged_this_month: charged },
packages,
) {
const unit = 10 ** charged.exponent;
const field = (name, value, required = true) =>
html`<label
>${t(`topup_${name}`)}<input
type="number"
name=${name}
min="1"
max="1000000000"
?required=${required}
value=${value ?? ''}
/></label>`;
return html`<form class="stack" @submit=${(event) => this.set(event, unit)}>
<p class="soft">${t(`topup_is_${status}`)}</p>
<label class="row"><input type="checkbox" name="enabled" ?checked=${enabled} />${t('topup_enabled')}</label>
<div class="grid">
${field('below', below ?? 500)} ${field('target', target ?? 1000)}
<label>
${t('topup_package')}
<select name="package_id">
${packages.map(({ package_id, name, price: cost }) => html`<option value=${package_id} ?selected=${package_id === chosen}>${name}, ${price(cost)}</option>`)}
</select>
</label>
${field('cap', cap && cap / unit, false)}
</div>
<div class="row">
<button part="button" aria-disabled=${!!this.busy}>${t('save')}</button
><small>${t('charged', { price: price(charged) })}</small>
</div>
</form>`;
}
set(event, unit) {
event.preventDefault();
const { enabled, cap, below, target, package_id } = Object.fromEntries(
new FormData((event.target)),
);
const body = {
enabled: !!enabled,
below: +below,
target: +target,
package_id,
monthly_cap_minor: cap ? Math.round(+cap * unit) : null,
};
this.run('topup', '/api/credits/auto-topup', body, () => t('topup_saved'), 'PUT');
}
},
);
define(
'tally-transfer',
class extends Tally {
static observedAttributes = ['wallet', 'to'];
constructor() {
super();
this.to = '';
this.credits = 0;
this.live('to', 'credits');
}
render() {
return html`<section class="card" part="card">
<h2 part="title">${t('transfer')}</h2>
${this.show([this.use('/api/credits/balance')], (balance) => this.form(balance), 6)} ${this.said('transfer')}
</section>`;
}
form({ available, lots }) {
const known = this.to.split(',');
const going = lots_for(lots, Math.min(this.credits, available));
return html`<form class="stack" @submit=${(event) => this.send(event)}>
<p class="soft">${t('can_transfer', { n: available })}</p>
<div class="grid">
<label
>${t('to')}<input name="to" required maxlength="64" list="known" value=${known[0]} autocomplete="off"
/></label>
<datalist id="known">${known.map((each) => html`<option value=${each}></option>`)}</datalist>
<label>
${t('how_many')}
<input
name="credits"
type="number"
required
min="1"
max=${available}
.value=${this.credits || ''}
@input=${(event) => (this.credits = +event.target.value)}
/>
</label>
<label>${t('note')}<input name="note" maxlength="200" autocomplete="off" /></label>
</div>
<div role="status">${going.length ? this.going(going) : nothing}</div>
<div><button part="button" class="primary" aria-disabled=${!!this.busy}>${t('move')}</button></div>
</form>`;
}
going(lots) {
return html`<h3>${t('going')}</h3>
<ul class="lines">
${lots.map(
([n, end]) =>
html`<li class="row apart">
<span>${t('credits', { n })}</span>
<span class="soft">${end ? t('until', { date: day(end) }) : t('forever')}</span>
</li>`,
)}
</ul>`;
}
send(event) {
event.preventDefault();
const { to, credits, note } = Object.fromEntries(new FormData((event.target)));
const body = { to_wallet_id: to, credits: +credits, note: note || undefined };
this.run('transfer', '/api/credits/transfer', body, ({ credits: n, available }) => {
this.credits = 0;
return t('moved', { n, to, available });
});
}
},
);
const lots_for = (lots, credits) =>
lots.flatMap(({ remaining, held, set_aside, expires_at }) => {
const taken = Math.min(credits, remaining - held - set_aside);
credits -= taken;
return taken ? [([taken, expires_at])] : [];
});

export { configure, refresh };
