/** The command line: every command with its help. A command loads what it needs when it runs, so that help is instant. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { nearestName } from '../engine/config/nearest-name.ts';
import { addAttachCommand } from './commands/attach.ts';
import { addCompareCommand } from './commands/compare.ts';
import { addDataCommand } from './commands/data.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEvaluateCommand } from './commands/evaluate.ts';
import { addExportCommand } from './commands/export.ts';
import { addFetchCommand } from './commands/fetch.ts';
import { addLsCommand } from './commands/ls.ts';
import { addPushCommand } from './commands/push.ts';
import { addReportCommand } from './commands/report.ts';
import { addResumeCommand } from './commands/resume.ts';
import { addRmCommand } from './commands/rm.ts';
import { addRunCommand } from './commands/run.ts';
import { addSamplesCommand } from './commands/samples.ts';
import { addSaveCommand } from './commands/save.ts';
import { addScoreCommand } from './commands/score.ts';
import { addShowCommand } from './commands/show.ts';
import { addStopCommand } from './commands/stop.ts';
import { addStoreCommand } from './commands/store.ts';
import { addTokenizeCommand } from './commands/tokenize.ts';
import { addTranslateCommand } from './commands/translate.ts';
import { startScreens } from './start-screens.ts';
import { storeOption } from './store-option.ts';
import { hasTerminal, type World } from './world.ts';

const addCommands = [
  addRunCommand,
  addResumeCommand,
  addAttachCommand,
  addStopCommand,
  addSaveCommand,
  addLsCommand,
  addShowCommand,
  addCompareCommand,
  addSamplesCommand,
  addExportCommand,
  addReportCommand,
  addRmCommand,
  addEvaluateCommand,
  addTranslateCommand,
  addTokenizeCommand,
  addScoreCommand,
  addDataCommand,
  addFetchCommand,
  addPushCommand,
  addStoreCommand,
  addDoctorCommand,
];

/** Builds the program; its actions reject with an AppError, commander's own faults with a CommanderError. */
export function buildProgram(world: World): Command {
  const program = new Command('bleubird');
  program
    .description(
      'Fine-tune machine-translation models from the terminal: set the hyper-parameters, train, watch, ' +
        'and compare BLEU before and after. Without a command: the full-screen UI.',
    )
    .usage('[command] [options]')
    .argument('[command...]')
    .addOption(storeOption())
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', footer)
    .showHelpAfterError('(`bleubird --help` lists commands and options)')
    // What follows a command is the command's: `score --version` is sacreBLEU's.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.output.line(text.trimEnd()),
      writeErr: (text) => world.output.note(text.trimEnd()),
    });
  for (const addCommand of addCommands) addCommand(program, world);
  for (const command of program.commands) {
    command.helpOption('-h, --help', 'print this help');
    command.showHelpAfterError(`(\`bleubird ${command.name()} --help\` explains the options)`);
  }
  program.action(async ([word]: string[], options: { store?: string }) => {
    if (word !== undefined) program.error(describeUnknownCommand(word, program));
    if (!hasTerminal(world)) world.output.note(`${program.helpInformation()}`);
    await startScreens(world, options.store);
  });
  return program;
}

const footer = `
Examples:
  bleubird                                   the UI
  bleubird run quickstart                    train, with BLEU before and after
  bleubird ls                                all runs and their BLEU

A RUN is its id, the beginning of it, or "last".
A MODEL is a folder, run:RUN, or an id of the Hugging Face hub, which is fetched
when it is not in the cache.
Exit codes: 0 done, 2 configuration, 3 data, 4 model, 5 device, 6 store,
7 run failed, 130 cancelled.`;

function describeUnknownCommand(word: string, program: Command): string {
  const meant = nearestName(
    word,
    program.commands.map((command) => command.name()),
  );
  return `error: unknown command '${word}'${meant === null ? '' : `; did you mean ${meant}?`}`;
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version?: unknown };
  return String(version);
}
