/** The sentences of a report: what a training did to them, for the better and for the worse. */
import { markWords } from '../../ui/text/mark-words.ts';
import type { ScoredSentence } from '../sentence-scores.ts';
import { counted, difference } from '../text.ts';
import { type Html, html } from './html.ts';
import type { ReportedRun } from './read-report.ts';

/** Gives the sentences of each run that gained and lost most, at most `count` of each. */
export function sentenceSections(runs: readonly ReportedRun[], count: number): Html[] {
  return runs.filter(({ translated }) => translated > 0).map((run) => sectionOf(run, count));
}

function sectionOf({ run, sentences, translated }: ReportedRun, count: number): Html {
  const gained = sentences.filter(({ bleuDelta }) => (bleuDelta ?? 0) > 0);
  const lost = sentences.filter(({ bleuDelta }) => (bleuDelta ?? 0) < 0);
  const rest = translated - gained.length - lost.length;
  return html`<h2>Sentences of ${run.name} <span class="muted">${run.id}</span></h2>
<p>Of ${counted(translated, 'sentence')} ${gained.length} gained in sentence BLEU, ${lost.length} lost, ${rest} score as before. Words that
the reference has, too, are <mark>marked</mark>.</p>
${listed('The greatest gains', gained.slice(0, count))}
${listed('The greatest losses', lost.reverse().slice(0, count))}`;
}

function listed(title: string, sentences: readonly ScoredSentence[]): Html | null {
  return sentences.length === 0 ? null : html`<h3>${title}</h3>${sentences.map(describe)}`;
}

function describe({ source, reference, before, after, bleuBefore, bleuAfter, bleuDelta }: ScoredSentence): Html {
  return html`<dl class="sentence">
<dt>source</dt><dd dir="auto">${source}</dd><span></span>
<dt>reference</dt><dd dir="auto">${reference}</dd><span></span>
<dt>before</dt><dd dir="auto">${marked(before ?? '', reference)}</dd><span class="number muted">${(bleuBefore ?? 0).toFixed(1)}</span>
<dt>after</dt><dd dir="auto">${marked(after ?? '', reference)}</dd><span class="number">${(bleuAfter ?? 0).toFixed(1)} (${difference(bleuDelta, 1)})</span></dl>`;
}

/** Neighbouring words of one kind together, so that a mark has no holes. */
function marked(text: string, reference: string): Html[] {
  const groups: { isShared: boolean; words: string[] }[] = [];
  for (const { word, isShared } of markWords(text, reference)) {
    if (groups.at(-1)?.isShared === isShared) groups.at(-1)?.words.push(word);
    else groups.push({ isShared, words: [word] });
  }
  return groups.map(({ isShared, words }) =>
    isShared ? html`<mark>${words.join(' ')}</mark> ` : html`${words.join(' ')} `,
  );
}
