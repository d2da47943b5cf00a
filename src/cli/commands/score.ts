/** `bleubird score`: sacreBLEU's command, with its flags, its output and its exit codes. */
import type { Command } from 'commander';
import { describeScoreFlags } from '../score/score-options.ts';
import type { World } from '../world.ts';

export function addScoreCommand(program: Command, world: World): void {
  const command = program
    .command('score')
    .summary("sacreBLEU's command: BLEU, chrF, TER, and whether a difference is significant")
    .description("Scores translations as sacreBLEU's command does, with its flags, its output and its exit codes.")
    .usage('REF... -i HYP... [flags]')
    .argument('[arguments...]')
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', `\nFlags:\n${describeScoreFlags()}\n${examples}`);
  command.action(async (args: readonly string[]) => {
    const { score } = await import('../score/score.ts');
    await score(args, world, () => command.help());
  });
}

const examples = `
Test sets (-t, --echo, --list, --download, --citation) are not available.
SACREBLEU_SEED and SACREBLEU_FORMAT are heeded.

Examples:
  bleubird score ref.fr -i hyp.fr -m bleu chrf ter -f text
  bleubird score ref.fr -i baseline.fr new.fr --paired-bs -f text`;
