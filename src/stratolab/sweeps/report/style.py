"""The report's one style sheet: light, dark on a dark screen, light again on paper."""

STYLE = """\
:root{color-scheme:light;--page:#fff;--ink:#16191d;--soft:#565e69;--line:#d9dde3;--panel:#f5f6f8;--track:#e9ecf0;
--best:#c2410c;--failed:#b42318;--pruned:#8a6100;--running:#0e7490;
--s0:#123a73;--s1:#1d5aa6;--s2:#3a78bd;--s3:#5f95cb;--s4:#82adc9;--s5:#9db9bd;--s6:#b0b9b0}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--page:#14171b;--ink:#e8eaed;--soft:#a4adb8;
--line:#353b44;--panel:#1d2127;--track:#2a3038;--best:#ff9a5c;--failed:#ff8478;--pruned:#e0b34d;--running:#4cc3da;
--s0:#cfe4ff;--s1:#9cc6fb;--s2:#72a9ec;--s3:#568cce;--s4:#4d78a6;--s5:#4f6a85;--s6:#535f6c}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1080px;padding:24px 16px 48px;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:26px;line-height:1.2;margin:0}
h2{font-size:17px;margin:0 0 8px}
p{margin:4px 0 12px}
section{margin-top:36px}
.goal{font-size:17px;margin:6px 0 0}
.soft,figcaption,caption{color:var(--soft);font-size:13px}
.badge{display:inline-block;border:1px solid currentColor;border-radius:10px;padding:0 8px;font-size:13px;
line-height:20px;font-weight:600;vertical-align:5px}
.finished,.succeeded{color:var(--s1)}
.running{color:var(--running)}
.stopped,.pruned{color:var(--pruned)}
.failed{color:var(--failed)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:20px 0 0}
.cards div{background:var(--panel);border-radius:8px;padding:10px 12px}
.cards dt{color:var(--soft);font-size:13px}
.cards dd{margin:0;font-size:20px;font-weight:600;line-height:1.3}
.cards dd+dd{font-size:13px;font-weight:400;color:var(--soft)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:0 32px;align-items:start}
.slices{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:16px}
figure{margin:0;max-width:520px}
svg{display:block;width:100%;height:auto}
figcaption{margin-top:6px}
pre span{white-space:nowrap}
pre{overflow-x:auto;background:var(--panel);border-radius:8px;padding:10px 12px;margin:8px 0;white-space:pre-wrap;
font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;user-select:all;-webkit-user-select:all}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.scroll{overflow-x:auto;
background:linear-gradient(to left,var(--page) 24px,transparent) right/40px 100% no-repeat local,
linear-gradient(to left,var(--line),transparent) right/14px 100% no-repeat scroll}
.scroll:focus-visible{outline:2px solid var(--s2);outline-offset:2px}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:6px}
th,td{overflow-wrap:break-word;text-align:left;
vertical-align:top;padding:4px 14px 4px 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:600;white-space:nowrap}
tbody th{font-weight:600}
.number{text-align:right;white-space:nowrap}
td code{overflow-wrap:anywhere}
.why{min-width:180px;overflow-wrap:anywhere}
svg text{font-size:12px;fill:var(--soft);
paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
svg text.name{fill:var(--ink);font-weight:600}
.grid,.axis,.break{stroke:var(--line);fill:none}
.axis,.break{stroke:var(--soft)}
.break{stroke-dasharray:2 3}
.line,.thread{fill:none;stroke-linejoin:round}
.thread{stroke-width:1;stroke-opacity:.65}
.line{stroke-width:1.6}
.thread.best{stroke-width:3;stroke-opacity:1}
.thread.pruned,.thread.failed,.thread.running{stroke-dasharray:4 3}
.dot{fill:none;stroke-linecap:round;stroke-width:5}
.dot.best{stroke-width:9}
.cross{fill:none;stroke-width:1.5;stroke:var(--failed)}
.mark.succeeded,.bar.succeeded{fill:var(--s1)}
.mark.pruned{fill:var(--page);stroke:var(--pruned);stroke-width:1.4}
.mark.best{fill:var(--best)}
.bar.pruned{fill:var(--pruned)}
.bar.failed{fill:var(--failed)}
.bar.running{fill:var(--running)}
.bars.succeeded{stroke:var(--s1)}.bars.pruned{stroke:var(--pruned)}.bars.failed{stroke:var(--failed)}
.bars.running{stroke:var(--running)}
.track{fill:var(--track)}
.s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}
.s5{stroke:var(--s5)}.s6{stroke:var(--s6)}
.fill{stroke:none}
.fill.s0{fill:var(--s0)}.fill.s1{fill:var(--s1)}.fill.s2{fill:var(--s2)}.fill.s3{fill:var(--s3)}.fill.s4{fill:var(--s4)}
.fill.s5{fill:var(--s5)}.fill.s6{fill:var(--s6)}
.line.best,.thread.best,.dot.best{stroke:var(--best)}
.line.cost,.dot.succeeded{stroke:var(--s1)}
.dot.pruned,.thread.pruned{stroke:var(--pruned)}
.dot.failed,.thread.failed{stroke:var(--failed)}
.dot.running,.thread.running{stroke:var(--running)}
@media screen and (max-width:640px){.why{white-space:nowrap}}
@media print{@page{margin:14mm}
body{max-width:none;padding:0;font-size:11px}
section{margin-top:20px}
figure,.cards div,pre,tr{break-inside:avoid}
h2{break-after:avoid}
thead{display:table-header-group}
.two{grid-template-columns:1fr 1fr;gap:0 20px}
.slices{grid-template-columns:repeat(3,1fr)}
.scroll{overflow:visible;background:none}
table{font-size:9px}
th,td{padding:2px 8px 2px 0}
.wide td,.wide th{overflow-wrap:anywhere}
td code{overflow-wrap:anywhere}
.why{min-width:0}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
