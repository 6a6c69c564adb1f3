import { pageTokens } from "./page-tokens.ts";

/** The style of the page: system fonts, one accent per outcome, light and dark. */
export const pageStyle = `
${pageTokens}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main,header.top{max-width:70rem;margin:0 auto;padding:0 1.25rem}
header.top{padding-top:2.5rem}
h1{font-size:1.7rem;line-height:1.25;letter-spacing:-.015em;margin:0 0 .35rem;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1.12rem;letter-spacing:-.005em;margin:2.75rem 0 .8rem;font-weight:650}
h3{font-size:.95rem;margin:1.5rem 0 .5rem;font-weight:650}
p{margin:.4rem 0}
.soft{color:var(--soft)}.small{font-size:.86rem}.num{text-align:right;white-space:nowrap}.nowrap{white-space:nowrap}
a{color:var(--link)}
code,pre{font:.84rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{overflow-wrap:anywhere}
pre{margin:.5rem 0;padding:.7rem .85rem;background:var(--code);border-radius:6px;overflow:auto;max-height:28rem;white-space:pre-wrap;overflow-wrap:anywhere}
.ref{color:var(--soft);font-size:.78rem;white-space:nowrap}
.badge{display:inline-block;padding:.05rem .5rem;border-radius:99px;font-size:.82rem;font-weight:600;white-space:nowrap}
.good{color:var(--good);background:var(--good-bg)}.bad{color:var(--bad);background:var(--bad-bg)}.warn{color:var(--warn);background:var(--warn-bg)}.idle{color:var(--idle);background:var(--idle-bg)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.2rem,1fr));gap:1px;background:var(--line);border:1px solid var(--line);border-radius:8px;overflow:hidden;margin:1.4rem 0}
.facts div{background:var(--card);padding:.75rem .95rem}
.facts dt{color:var(--soft);font-size:.8rem}.facts dd{margin:0;font-size:1.3rem;font-weight:600;letter-spacing:-.01em}
dl.meta{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1.1rem;margin:.8rem 0;font-size:.9rem}
dl.meta dt{color:var(--soft)}dl.meta dd{margin:0;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.5rem .85rem;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500;font-size:.8rem;white-space:nowrap}th.num{text-align:right}
th[scope=row]{color:var(--ink);font-weight:650;font-size:.9rem;white-space:normal;overflow-wrap:anywhere}
tr:last-child>td,tbody>tr:last-child>th{border-bottom:0}
.card+.card,.card+ul.card{margin-top:.8rem}
td{overflow-wrap:anywhere}td.nowrap,td.num{overflow-wrap:normal}
ul.plain{list-style:none;margin:0;padding:0}
ul.plain>li{padding:.65rem .95rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}ul.plain>li:last-child{border-bottom:0}
.prio{display:inline-block;min-width:2.1rem;font-weight:650;font-size:.82rem}.prio.P0{color:var(--bad);background:none}.prio.P1{color:var(--warn);background:none}
details>summary{cursor:pointer;padding:.55rem .95rem;list-style-position:outside}
details>summary:hover{background:var(--hint)}
summary{display:flex;flex-wrap:wrap;gap:.15rem .7rem;align-items:baseline}
summary::before{content:"▸";color:var(--soft);width:.8rem;flex:none}
details[open]>summary::before{content:"▾"}
summary::-webkit-details-marker{display:none}
summary .grow{flex:1 1 14rem;min-width:0;overflow-wrap:anywhere}
.body{padding:.1rem .95rem .8rem 2.45rem}
.group{border-bottom:1px solid var(--line)}.group:last-child{border-bottom:0}
.tests{margin:0;padding:0;list-style:none;font-size:.88rem}
.tests>li{display:flex;gap:.65rem;padding:.2rem .95rem .2rem 2.45rem;align-items:baseline;content-visibility:auto;contain-intrinsic-size:auto 1.7rem}
.tests>li>b{font-weight:400;flex:1;min-width:0;overflow-wrap:anywhere}
.tests>li>i{font-style:normal;color:var(--soft);white-space:nowrap}
.tests>li>s{text-decoration:none;width:1rem;flex:none;text-align:center;background:none}
.filters{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:0 0 .8rem}
.filters[hidden]{display:none}
.filters input{flex:1 1 12rem;min-width:0;font:inherit;color:inherit;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.4rem .7rem}
.filters button{font:inherit;font-size:.86rem;color:inherit;background:var(--card);border:1px solid var(--rule);border-radius:99px;padding:.3rem .8rem;cursor:pointer}
.filters button[aria-pressed=true]{background:var(--ink);color:var(--bg);border-color:var(--ink)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.chart{padding:.9rem 0 .5rem;overflow-x:auto}
.gantt{min-width:34rem;padding:0 .95rem;position:relative}
.axis{display:flex;justify-content:space-between;margin-left:11.5rem;color:var(--soft);font-size:.76rem;border-bottom:1px solid var(--line);padding-bottom:.2rem;margin-bottom:.35rem}
.row{display:flex;align-items:center;height:1.55rem}
.row.layer{margin-top:.55rem;font-weight:600}
.row .name{width:11rem;margin-right:.5rem;flex:none;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:.84rem}
.row:not(.layer) .name{padding-left:.7rem}
.track{position:relative;flex:1;height:100%;background:linear-gradient(var(--line),var(--line)) 0 100%/100% 1px no-repeat}
.bar{position:absolute;top:.3rem;bottom:.3rem;min-width:3px;border-radius:3px}
.bar.good{background:var(--good-bar)}.bar.bad{background:repeating-linear-gradient(45deg,var(--bad-bar) 0 6px,color-mix(in srgb,var(--bad-bar) 78%,#000) 6px 9px)}
.bar.warn{background:var(--warn-bar)}.bar.idle{background:var(--idle-bar)}
.row.layer .bar{top:.6rem;bottom:.6rem}.row.layer .bar.good,.row.layer .bar.warn,.row.layer .bar.idle{opacity:.6}
.cut{position:absolute;top:.3rem;bottom:.3rem;width:2px;background:var(--card)}
.budget{position:absolute;top:0;bottom:0;width:0;border-left:2px dashed var(--ink)}
.budget.late{border-color:var(--bad)}
.label{position:absolute;top:0;padding:0 .45rem;line-height:1.55rem;white-space:nowrap;font-size:.76rem;color:var(--soft);font-weight:400}
.mark{background:none;display:inline-block;width:.9rem;text-align:center;font-weight:600}
.legend{padding:.5rem .95rem .1rem;font-size:.8rem;color:var(--soft)}
footer{max-width:70rem;margin:3rem auto 2.5rem;padding:0 1.25rem;color:var(--soft);font-size:.82rem}
[hidden]{display:none!important}
@media (max-width:40rem){header.top{padding-top:1.5rem}h1{font-size:1.35rem}body{font-size:14.5px}
main,header.top{padding-left:.9rem;padding-right:.9rem}dl.meta{grid-template-columns:minmax(0,1fr);gap:0}dl.meta dd{margin-bottom:.45rem}
.tests>li{padding-left:.95rem}.body{padding-left:.95rem}th,td{padding:.45rem .65rem}
.stack thead{display:none}.stack tr{display:block;padding:.55rem .85rem;border-bottom:1px solid var(--line)}.stack tr:last-child{border-bottom:0}
.stack td{display:block;border:0;padding:.08rem 0;text-align:left;white-space:normal}.stack th[scope=row]{display:block;border:0;padding:.08rem 0}.stack td[data-l]:not(:empty)::before{content:attr(data-l) " ";color:var(--soft);font-size:.82rem}
.stack.inline td:not(:first-child){display:inline-block;margin-right:.8rem}
.gantt{min-width:0}.row .name{width:6.2rem}.axis{margin-left:6.7rem}.label{display:none}}
@media print{details>summary{break-after:avoid}.filters{display:none}}
`.trim();
