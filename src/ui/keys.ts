/**
 * The one table of keys: the dispatcher, the footer and the help are all made from it.
 * A context is what the keyboard is speaking to at the moment; one key has one meaning in one context.
 */

/** Text contexts (`filter`, `edit`, `file-name`) write every key that is not bound. */
export type Context =
  | 'runs'
  | 'filter'
  | 'presets'
  | 'form'
  | 'edit'
  | 'file-name'
  | 'live'
  | 'compare'
  | 'sentence'
  | 'help'
  | 'confirm';

export type Command =
  | 'quit'
  | 'help'
  | 'redraw'
  | 'back'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'half-up'
  | 'half-down'
  | 'first'
  | 'last'
  | 'open'
  | 'new-run'
  | 'copy-run'
  | 'stop'
  | 'resume'
  | 'delete'
  | 'mark'
  | 'unmark-all'
  | 'compare'
  | 'filter'
  | 'sort'
  | 'reverse'
  | 'next-tab'
  | 'previous-tab'
  | 'tab-1'
  | 'tab-2'
  | 'tab-3'
  | 'tab-4'
  | 'choose-preset'
  | 'edit'
  | 'toggle'
  | 'next-choice'
  | 'previous-choice'
  | 'reset'
  | 'next-problem'
  | 'next-section'
  | 'previous-section'
  | 'toggle-changed'
  | 'write-file'
  | 'start'
  | 'accept'
  | 'cancel'
  | 'cursor-left'
  | 'cursor-right'
  | 'cursor-home'
  | 'cursor-end'
  | 'delete-back'
  | 'delete-forward'
  | 'delete-word'
  | 'delete-line'
  | 'toggle-all'
  | 'next-curve'
  | 'toggle-smoothing'
  | 'next-sentence'
  | 'previous-sentence'
  | 'yes'
  | 'no';

export interface Binding {
  readonly command: Command;
  readonly keys: readonly string[];
  readonly contexts: readonly Context[];
  /** One or two words for the footer. */
  readonly label: string;
  /** A sentence for the help. */
  readonly description: string;
  /** Contexts whose footer shows it; the order in the table is the order of use. */
  readonly footer?: readonly Context[];
}

const LISTS: readonly Context[] = ['runs', 'presets', 'form', 'live', 'compare', 'sentence', 'help'];
const TEXTS: readonly Context[] = ['filter', 'edit', 'file-name'];
const TABBED: readonly Context[] = ['live', 'compare'];

export const KEY_TABLE: readonly Binding[] = [
  // Runs
  bind('open', ['enter', 'l', 'right'], ['runs'], 'open', 'Open the run: live, or its record once it has ended', true),
  bind('new-run', ['n'], ['runs'], 'new run', 'Set up and start a new run', true),
  bind('stop', ['x'], ['runs', 'live'], 'stop', 'Stop the run after its step and save (asks first)', true),
  bind('resume', ['r'], ['runs', 'live'], 'resume', 'Go on with a run that was stopped, failed or interrupted', true),
  bind('mark', ['space'], ['runs'], 'mark', 'Mark the run for comparing', true),
  bind('compare', ['c'], ['runs'], 'compare', 'Compare the marked runs, or the marked one with this one', true),
  bind('filter', ['/'], ['runs'], 'filter', 'Show only runs that contain the words typed', true),
  bind('sort', ['s'], ['runs'], 'sort', 'Sort by the next column', true),
  bind('reverse', ['S'], ['runs'], 'reverse', 'Turn the order round'),
  // Live and compare
  bind('next-tab', ['tab', 'l', 'right'], TABBED, 'next tab', 'The next tab', true),
  bind('previous-tab', ['shift+tab', 'h', 'left'], TABBED, 'previous tab', 'The tab before'),
  bind('tab-1', ['1'], TABBED, '1', 'The first tab'),
  bind('tab-2', ['2'], TABBED, '2', 'The second tab'),
  bind('tab-3', ['3'], TABBED, '3', 'The third tab'),
  bind('tab-4', ['4'], TABBED, '4', 'The fourth tab'),
  bind('open', ['enter'], ['live', 'compare'], 'read', 'Read the sentence whole, with all its translations', true),
  bind('next-curve', ['m'], TABBED, 'metric', 'Plot the next metric: loss, BLEU, rate, norm, speed', true),
  bind('toggle-smoothing', ['w'], TABBED, 'smooth', 'Smooth the plot (moving average), or not', true),
  bind('sort', ['s'], ['live'], 'sort', 'Samples: sort by number, or by difference in BLEU', true),
  bind('reverse', ['S'], ['live'], 'reverse', 'Samples: turn the order round'),
  bind('filter', ['/'], ['live'], 'filter', 'Samples: only sentences with the words typed', true),
  bind('toggle-all', ['a'], TABBED, 'all/differing', 'Show all settings, or only those that differ', true),
  // Runs again: what is wanted less often
  bind('copy-run', ['e'], ['runs', 'live'], 'copy', 'Set up a new run with the settings of this one', true),
  bind('delete', ['d'], ['runs', 'live'], 'delete', 'Delete the run, or all marked, with files (asks first)', true),
  bind('unmark-all', ['u'], ['runs'], 'unmark', 'Take all marks away'),
  // Filter
  bind('accept', ['enter'], ['filter'], 'keep', 'Keep the filter and go back to the list', true),
  bind('cancel', ['esc'], ['filter'], 'clear', 'Take the filter away', true),
  // New run: presets
  bind('choose-preset', ['enter', 'l', 'right'], ['presets'], 'choose', 'Start from this preset', true),
  // New run: form
  bind('edit', ['enter', 'i'], ['form'], 'edit', 'Edit the field, or start on the Start row', true),
  bind('start', ['ctrl+s'], ['form', 'edit'], 'start', 'Check everything and start the run', true),
  bind('next-choice', ['right', 'l'], ['form'], 'next value', 'The next of the allowed values', false),
  bind('previous-choice', ['left', 'h'], ['form'], 'previous value', 'The one before', false),
  bind('toggle', ['space'], ['form'], 'toggle', 'Switch on or off; the next of the allowed values'),
  bind('reset', ['r'], ['form'], 'reset', 'Back to the value of the preset', true),
  bind('next-problem', ['e'], ['form'], 'problem', 'Go to the next field with a problem', true),
  bind('filter', ['/'], ['form'], 'search', 'Show only fields that contain the words typed', true),
  bind('toggle-changed', ['c'], ['form'], 'changes', 'Show only what differs from the preset, or everything', true),
  bind('write-file', ['w'], ['form'], 'write', 'Keep the settings as a file (asks for its name)', true),
  bind('next-section', ['tab'], ['form'], 'next section', 'To the next section'),
  bind('previous-section', ['shift+tab'], ['form'], 'previous section', 'To the section before'),
  // The name of a file
  bind('accept', ['enter'], ['file-name'], 'write', 'Write the file; one that exists only when you say so', true),
  bind('cancel', ['esc'], ['file-name'], 'leave', 'Write nothing', true),
  // Editing a field
  bind('accept', ['enter'], ['edit'], 'accept', 'Take the value over', true),
  bind('cancel', ['esc'], ['edit'], 'cancel', 'Leave the field as it was', true),
  // One sentence
  bind('next-sentence', ['n', 'tab', 'right', 'l'], ['sentence'], 'next', 'The next sentence', true),
  bind('previous-sentence', ['p', 'shift+tab', 'left', 'h'], ['sentence'], 'previous', 'The sentence before', true),
  // Moving
  bind('up', ['k', 'up'], LISTS, 'up', 'One line up'),
  bind('down', ['j', 'down'], LISTS, 'down', 'One line down'),
  bind('half-up', ['ctrl+u'], LISTS, 'half page up', 'Half a page up'),
  bind('half-down', ['ctrl+d'], LISTS, 'half page down', 'Half a page down'),
  bind('page-up', ['pageup', 'ctrl+b'], LISTS, 'page up', 'A page up'),
  bind('page-down', ['pagedown', 'ctrl+f'], LISTS, 'page down', 'A page down'),
  bind('first', ['g', 'home'], LISTS, 'first', 'To the first line'),
  bind('last', ['G', 'end'], LISTS, 'last', 'To the last line'),
  // Writing
  bind('cursor-left', ['left', 'ctrl+b'], TEXTS, 'left', 'One character to the left'),
  bind('cursor-right', ['right', 'ctrl+f'], TEXTS, 'right', 'One character to the right'),
  bind('cursor-home', ['home', 'ctrl+a'], TEXTS, 'start', 'To the start of the text'),
  bind('cursor-end', ['end', 'ctrl+e'], TEXTS, 'end', 'To the end of the text'),
  bind('delete-back', ['backspace', 'ctrl+h'], TEXTS, 'delete', 'Delete the character before the cursor'),
  bind('delete-forward', ['delete'], TEXTS, 'delete next', 'Delete the character under the cursor'),
  bind('delete-word', ['ctrl+w'], TEXTS, 'delete word', 'Delete the word before the cursor'),
  bind('delete-line', ['ctrl+u'], TEXTS, 'delete all', 'Delete everything before the cursor'),
  // A question
  bind('yes', ['y', 'Y'], ['confirm'], 'yes', 'Do it', true),
  bind('no', ['n', 'N', 'esc', 'q'], ['confirm'], 'no', 'Leave it', true),
  // Everywhere
  bind('back', ['esc', 'backspace'], LISTS, 'back', 'One level back; in Runs, take filter, then marks away', [
    'presets',
    'form',
    'live',
    'compare',
    'sentence',
    'help',
  ]),
  bind('help', ['?'], LISTS, 'help', 'This help', ['runs', 'presets', 'form', 'live', 'compare', 'sentence']),
  bind('quit', ['q'], ['runs'], 'quit (runs go on)', 'Close bleubird; runs that are going on go on', true),
  bind('quit', ['q'], LISTS.slice(1), 'quit', 'Close bleubird; runs that are going on go on', true),
  bind('redraw', ['ctrl+l'], [...LISTS, ...TEXTS, 'confirm'], 'redraw', 'Draw the whole window again'),
  bind('quit', ['ctrl+c'], [...LISTS, ...TEXTS, 'confirm'], 'quit', 'Close bleubird from anywhere'),
];

/** What the key means in the context, or null. */
export function commandFor(context: Context, keyName: string): Command | null {
  const found = KEY_TABLE.find(({ contexts, keys }) => contexts.includes(context) && keys.includes(keyName));
  return found?.command ?? null;
}

/** The bindings the footer of a context shows, in order. */
export function footerBindings(context: Context): readonly Binding[] {
  return KEY_TABLE.filter(({ footer }) => footer?.includes(context) ?? false);
}

/** The bindings of a context, for the help. */
export function bindingsOf(context: Context): readonly Binding[] {
  return KEY_TABLE.filter(({ contexts }) => contexts.includes(context));
}

/** Unbound keys write text here. */
export function isTextContext(context: Context): boolean {
  return TEXTS.includes(context);
}

function bind(
  command: Command,
  keys: readonly string[],
  contexts: readonly Context[],
  label: string,
  description: string,
  footer: boolean | readonly Context[] = false,
): Binding {
  return { command, keys, contexts, label, description, footer: footer === true ? contexts : footer || [] };
}
