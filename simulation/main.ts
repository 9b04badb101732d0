import { runScenario } from './world';
import { shrink } from './shrink';
async function main() {
  Error.stackTraceLimit = 0;
  const arg = (n: string, d: number) => {
    const i = process.argv.indexOf(n);
    return i < 0 ? d : Number(process.argv[i + 1]);
  };
  const one = arg('--seed', -1);
  const keep = process.argv.indexOf('--keep');
  if (keep >= 0) {
    const p = await shrink(await runScenario(one));
    const f = 'simulation/regressions.json';
    const fs = require('node:fs');
    const all = fs.existsSync(f) ? JSON.parse(fs.readFileSync(f, 'utf8')) : [];
    all.push({ bug: process.argv[keep + 1], ...p });
    fs.writeFileSync(f, JSON.stringify(all, null, 2));
    return;
  }
  if (one >= 0) {
    const run = await runScenario(one, true);
    process.stdout.write(
      (process.argv.includes('--small') ? await runScenario(await shrink(run), true) : run).story.join('\n') + '\n',
    );
    return;
  }
  const from = arg('--from', 1),
    count = arg('--count', 100);
  const counts = new Map<string, number>();
  const kinds = new Map<string, number[]>();
  const t = performance.now();
  let calls = 0;
  for (let s = from; s < from + count; s++) {
    const run = await runScenario(s);
    calls += run.calls;
    for (const [k, n] of run.counts) counts.set(k, (counts.get(k) ?? 0) + n);
    for (const v of run.violations) {
      const k = v.oracle + ' ' + v.what.replace(/[0-9a-f-]{20,}|\d+/g, '#').slice(0, 150);
      kinds.set(k, [...(kinds.get(k) ?? []), s]);
    }
  }
  const secs = (performance.now() - t) / 1000;
  if (process.argv.includes('--table')) for (const [k, n] of [...counts].sort()) console.log(String(n).padStart(8), k);
  for (const [k, s] of [...kinds].sort((a, b) => b[1].length - a[1].length))
    console.log(s.length, k, s.slice(0, 6).join(' '));
  console.log(`${count} seeds, ${calls} calls, ${secs.toFixed(1)} s, ${(calls / secs).toFixed(0)}/s`);
}
void main();
