/** What is wrong with the lines of a corpus, in lines for a terminal. */
import type { TrainerEventOf } from '../engine/run/protocol.ts';
import { visibleText } from '../ui/text/fit-text.ts';
import { counted } from './text.ts';

type Problems = Pick<TrainerEventOf<'data'>, 'problems' | 'problemCounts'>;

/**
 * Says how many lines were left out and why, the first of them, and how to cure what has one cure.
 *
 * @param most  problems to name; `more` says where the rest is
 * @returns no line for a corpus in which nothing is wrong
 */
export function problemLines({ problems, problemCounts }: Problems, most: number, more = ''): string[] {
  const { empty: kept = 0, ...reasons } = problemCounts;
  const whys = Object.entries(reasons).filter(([, count]) => count > 0);
  const leftOut = whys.reduce((sum, [, count]) => sum + count, 0);
  if (leftOut + kept === 0) return [];
  const title = [
    ...(leftOut > 0
      ? [`${counted(leftOut, 'line')} left out (${whys.map(([reason, count]) => `${count} ${reason}`).join(', ')})`]
      : []),
    ...(kept > 0 ? [`${counted(kept, 'line')} kept with an empty side`] : []),
  ];
  const shown = problems.slice(0, most).map(({ file, line, reason, detail }) => {
    return visibleText(`  ${file}:${line}: ${reason}${detail === '' ? '' : `, ${detail}`}`);
  });
  const rest = leftOut + kept - shown.length;
  const misread = problems.find(({ reason }) => reason === 'not-utf8')?.file;
  return [
    `${title.join(', ')}:`,
    ...shown,
    ...(rest > 0 ? [`  … and ${rest} more${more}`] : []),
    ...(misread === undefined
      ? []
      : [
          visibleText(
            `hint: is ${misread} in another encoding? iconv -f ISO-8859-1 -t UTF-8 FILE > NEW_FILE converts it`,
          ),
        ]),
  ];
}
