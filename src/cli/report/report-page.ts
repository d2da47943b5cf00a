/** The page of a report: what was gained first, then how, then what it rests on. One file, no script, nothing from outside. */
import type { Experiment } from '../../engine/config/experiment.ts';
import { formatExperiment } from '../../engine/config/format-experiment.ts';
import type { TestedSystem } from '../../ui/services.ts';
import { describeDecoding } from '../before-after.ts';
import { environmentLines } from '../environment-lines.ts';
import { SIGNIFICANCE_LEVEL } from '../significance.ts';
import { counted, difference, loss, MISSING, score, stageName, timestamp } from '../text.ts';
import { Html, html } from './html.ts';
import { lineChart } from './line-chart.ts';
import type { Report, ReportedRun } from './read-report.ts';
import { reportStyle } from './report-style.ts';
import { sentenceSections } from './sentence-sections.ts';

export interface PageOptions {
  /** Sentences to show of each kind. */
  readonly sentences: number;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Gives the text of the HTML file. */
export function reportPage(report: Report, { sentences, version, now }: PageOptions): string {
  const { runs } = report;
  const names = runs.map(({ run }) => run.name).join(', ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${names}</title>
<style>${new Html(reportStyle)}</style>
</head>
<body>
<h1>${names}</h1>
<p class="muted">${counted(runs.length, 'run')}, reported by bleubird ${version} on ${timestamp(now)}</p>
${scores(report)}
${report.settings.length === 0 ? null : differingSettings(report)}
${charts(runs)}
${sentenceSections(runs, sentences)}
<h2>What it rests on</h2>
${runs.map(basis)}
</body>
</html>
`.markup;
}

function scores({ runs, incomparabilities, standing }: Report): Html {
  const hasOthers = runs.length > 1;
  const rows = runs.map(({ run, before, after, gain }, index) => {
    const [, tuned] = gain ?? [];
    const isGain = gain === null ? null : (tuned?.score ?? 0) - (gain[0]?.score ?? 0);
    return html`<tr><th scope="row"><span class="swatch line${index % 6}"></span>${run.name} <span class="muted">${run.id}</span></th>
<td>${run.state}</td><td class="number">${withInterval(before?.bleu?.score, gain?.[0])}</td><td class="number">${withInterval(after?.bleu?.score, tuned)}</td>
<td class="number ${toneOf(isGain)}">${difference(isGain)}</td><td class="number">${chance(tuned)}</td>
${hasOthers ? toFirst(standing, index) : null}
<td class="number">${before === null ? MISSING : loss(before.loss)}</td><td class="number">${after === null ? MISSING : loss(after.loss)}</td></tr>`;
  });
  return html`<h2>Before and after</h2>
${incomparabilities.map((reason) => html`<p class="bad">${reason}</p>`)}
<div class="wide"><table><tr><th>run</th><th>state</th><th class="number">BLEU before</th><th class="number">after</th><th class="number">gain</th><th class="number">p</th>
${hasOthers ? html`<th class="number">to first</th><th class="number">p</th>` : null}<th class="number">loss before</th><th class="number">after</th></tr>
${rows}</table></div>
<p class="muted">± is half of the 95 % interval and p the chance of such a difference if there were none: paired bootstrap resampling,
1,000 samples. Below ${SIGNIFICANCE_LEVEL} a difference is called significant.</p>
${[...new Set(runs.flatMap(basisOfScore))].map((line) => html`<p class="muted">${line}</p>`)}`;
}

function withInterval(value: number | undefined, tested: TestedSystem | undefined): string {
  if (value === undefined) return MISSING;
  return tested?.interval ? `${score(value)} ± ${tested.interval.toFixed(2)}` : score(value);
}

function chance(tested: TestedSystem | undefined): string {
  return tested?.pValue === null || tested === undefined ? MISSING : tested.pValue.toFixed(4);
}

function toFirst(standing: Report['standing'], index: number): Html {
  const tested = standing?.[index];
  const apart =
    standing === null || tested === undefined || index === 0 ? null : tested.score - (standing[0]?.score ?? 0);
  return html`<td class="number ${toneOf(apart)}">${difference(apart)}</td><td class="number">${chance(tested)}</td>`;
}

function toneOf(gain: number | null): string {
  if (gain === null || gain === 0) return '';
  return gain > 0 ? 'good' : 'bad';
}

function basisOfScore({ before, after }: ReportedRun): string[] {
  const evaluation = after ?? before;
  if (evaluation === null) return [];
  const signature = evaluation.bleu === null ? '' : `; BLEU ${evaluation.bleu.signature}`;
  return [describeDecoding(evaluation) + signature];
}

function differingSettings({ runs, settings }: Report): Html {
  const titles = runs.map(({ run }) => html`<th>${run.name} <span class="muted">${run.id}</span></th>`);
  const rows = settings.map(({ path, values }) => {
    return html`<tr><th scope="row">${path}</th>${values.map((value) => html`<td>${value ?? MISSING}</td>`)}</tr>`;
  });
  return html`<h2>Settings that differ</h2><div class="wide"><table><tr><th>setting</th>${titles}</tr>${rows}</table></div>`;
}

const CHARTS: readonly (readonly [metric: string, title: string])[] = [
  ['loss', 'training loss, nats per piece'],
  ['eval_loss', 'validation loss, nats per piece'],
  ['eval_bleu', 'validation BLEU'],
  ['learning_rate', 'learning rate'],
  ['grad_norm', 'norm of the gradient before clipping'],
  ['samples_per_second', 'pairs per second'],
];

function charts(runs: readonly ReportedRun[]): Html {
  const drawn = CHARTS.map(([metric, title]) =>
    lineChart(
      title,
      runs.map(({ run, series }) => ({ label: `${run.name} ${run.id}`, points: series.get(metric) ?? [] })),
    ),
  );
  return html`<h2>Over the steps</h2><div class="charts">${drawn}</div>`;
}

/** Configuration and environment of a run, folded up. */
function basis({ run, evaluations }: ReportedRun): Html {
  const rows = evaluations.map(({ stage, step, epoch, sentences, bleu, loss: value }) => {
    return html`<tr><td>${stageName(stage)}</td><td class="number">${step}</td><td class="number">${epoch.toFixed(2)}</td><td class="number">${sentences}</td><td class="number">${score(bleu?.score ?? null)}</td><td class="number">${loss(value)}</td></tr>`;
  });
  const ended = run.endReason === null ? '' : `: ${run.endReason}`;
  return html`<details><summary>${run.name} <span class="muted">${run.id}</span></summary>
<p>${run.state}${ended}</p>
<h3>Evaluations</h3><table><tr><th>stage</th><th class="number">step</th><th class="number">epoch</th><th class="number">sentences</th><th class="number">BLEU</th><th class="number">loss</th></tr>${rows}</table>
<h3>Environment</h3><pre>${lines(environmentLines(run))}</pre>
<h3>Experiment</h3><pre>${lines(
    formatExperiment(run.experiment as Experiment)
      .trimEnd()
      .split('\n'),
  )}</pre></details>`;
}

function lines(texts: readonly string[]): Html[] {
  return texts.map((text) => html`${text}\n`);
}
