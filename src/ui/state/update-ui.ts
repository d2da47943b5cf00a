/**
 * The only place where the state changes: a message in, the next state and work for the outside out. Pure.
 */
import type { KeyPress } from '../key-names.ts';
import { type Command, type Context, commandFor, isTextContext } from '../keys.ts';
import type { ExperimentForm } from './experiment-form.ts';
import { isMove } from './list-position.ts';
import { type Failure, failureText, type Message, type Update, update, withFailure, withInfo } from './messages.ts';
import { withRuns } from './runs-list.ts';
import { scrollBy, scrolledText } from './scrolled-text.ts';
import {
  contextOf,
  liveScreen,
  type NamedRun,
  popScreen,
  pushScreen,
  topScreen,
  type UiState,
  withTop,
} from './ui-state.ts';
import {
  afterCheck,
  openForm,
  typeField,
  updateEdit,
  updateFileName,
  updateForm,
  updateFormFilter,
  updatePresets,
} from './update-form.ts';
import {
  typeSentenceFilter,
  updateCompare,
  updateLive,
  updateSentence,
  updateSentenceFilter,
} from './update-run-screens.ts';
import { typeFilter, updateFilter, updateRuns } from './update-runs.ts';

export function updateUi(state: UiState, message: Message): Update {
  switch (message.type) {
    case 'key':
      return updateKey(state, message.press);
    case 'pasted':
      return update(isTextContext(contextOf(state)) ? typeText(state, message.text) : state);
    case 'resized':
      return update({ ...state, size: message.size });
    case 'clock':
      return update(atTime(state, message.now));
    case 'runs-read':
      return update({ ...state, list: withRuns(state.list, message.runs) });
    case 'detail-read':
      return update({ ...state, details: { ...state.details, [message.runId]: message.detail } });
    case 'tested':
      return update({ ...state, tests: { ...state.tests, [message.key]: message.outcome } });
    case 'presets-read':
      return update({ ...state, presets: message.presets });
    case 'settings-read':
      return openForm(state, { name: `like ${message.title}`, description: '', path: '', values: message.values });
    case 'read-failed':
      return update(withReadError(state, failureText(message.failure)));
    case 'read-recovered':
      return update(withReadError(state, null));
    case 'experiment-checked':
      return afterCheck(state, message.problems, message.isStart);
    case 'run-started':
      return update(showStarted(state, message.runId));
    case 'start-failed':
      return update(withFailure(withoutStarting(state), message.failure));
    case 'experiment-written':
      return update(withInfo(state, `Written to ${message.path}.`));
    case 'file-exists': {
      const { fileName, path, values } = message;
      return update({ ...state, confirm: { about: 'overwrite', fileName, path, values } });
    }
    case 'stop-asked':
      return update(withInfo(state, `Asked ${message.title} to stop: it ends after its step and saves.`));
    case 'run-resumed':
      return update(withInfo(withResumed(state, message.runId), `${message.title} goes on from its checkpoint.`));
    case 'resume-failed':
      return update(withFailure(withoutResuming(state, message.runId), message.failure));
    case 'runs-deleted':
      return update(afterDeleting(state, message.runs, message.failure));
    case 'failed':
      return update(withFailure(state, message.failure));
  }
  return message satisfies never;
}

function updateKey(state: UiState, press: KeyPress): Update {
  const context = contextOf(state);
  const command = commandFor(context, press.name);
  // A key press has been seen: what the last one had to say goes away.
  const seen = state.toast === null ? state : { ...state, toast: null };
  if (command !== null) return updateCommand(seen, command);
  if (isTextContext(context) && press.text !== null) return update(typeText(seen, press.text));
  return update(seen);
}

function updateCommand(state: UiState, command: Command): Update {
  if (command === 'quit' || command === 'redraw') return update(state, { type: command });
  if (command === 'help') return update(pushScreen(state, { type: 'help', about: contextOf(state), scroll: 0 }));
  const context = contextOf(state);
  if (context === 'confirm') return updateConfirm(state, command);
  const screen = topScreen(state);
  if (context === 'filter' && screen.type !== 'form') {
    return screen.type === 'live' ? updateSentenceFilter(state, screen, command) : updateFilter(state, command);
  }
  switch (screen.type) {
    case 'runs':
      return updateRuns(state, command);
    case 'presets':
      return updatePresets(state, screen.position, command);
    case 'form':
      return updateFormIn(context, state, screen.form, command);
    case 'live':
      return updateLive(state, screen, command);
    case 'compare':
      return updateCompare(state, screen, command);
    case 'sentence':
      return updateSentence(state, screen, command);
    case 'help': {
      if (command === 'back') return update(popScreen(state));
      const text = scrolledText(state);
      if (text === null || !isMove(command)) return update(state);
      return update(withTop(state, { ...screen, scroll: scrollBy(text, command) }));
    }
  }
  return screen satisfies never;
}

function updateFormIn(context: Context, state: UiState, form: ExperimentForm, command: Command): Update {
  switch (context) {
    case 'edit':
      return updateEdit(state, form, command);
    case 'filter':
      return updateFormFilter(state, form, command);
    case 'file-name':
      return updateFileName(state, form, command);
    default:
      return updateForm(state, form, command);
  }
}

function updateConfirm(state: UiState, command: Command): Update {
  const answered = { ...state, confirm: null };
  if (state.confirm === null || command !== 'yes') return update(answered);
  if (state.confirm.about === 'discard') return update(popScreen(answered));
  if (state.confirm.about === 'overwrite') {
    const { values, fileName } = state.confirm;
    return update(answered, { type: 'write-experiment', values, fileName, overwrites: true });
  }
  if (state.confirm.about === 'delete') return update(answered, { type: 'delete-runs', runs: state.confirm.runs });
  const { runId, title } = state.confirm;
  return update(answered, { type: 'stop-run', runId, title });
}

function typeText(state: UiState, text: string): UiState {
  const screen = topScreen(state);
  if (screen.type === 'live') return typeSentenceFilter(state, screen, text);
  return screen.type === 'form' ? typeField(state, screen.form, text) : typeFilter(state, text);
}

// The run takes the place of what led to it: going back from it leads to the list.
function showStarted(state: UiState, runId: string): UiState {
  return { ...state, screens: [{ type: 'runs' }, liveScreen(runId)], list: { ...state.list, cursorId: runId } };
}

// Until the list is read again it must not look as if the run could be resumed once more.
function withResumed(state: UiState, runId: string): UiState {
  const runs = (state.list.runs ?? []).map((run) => (run.id === runId ? { ...run, state: 'pending' as const } : run));
  return { ...withoutResuming(state, runId), list: withRuns(state.list, runs) };
}

function withoutResuming(state: UiState, runId: string): UiState {
  return { ...state, resumingIds: state.resumingIds.filter((id) => id !== runId) };
}

function afterDeleting(state: UiState, runs: readonly NamedRun[], failure: Failure | null): UiState {
  const next = runs.reduce((so, { runId }) => withoutRun(so, runId), state);
  if (failure !== null) return withFailure(next, failure);
  const [only] = runs;
  return withInfo(next, runs.length === 1 && only ? `${only.title} is deleted.` : `${runs.length} runs are deleted.`);
}

// Screens of the run go with it.
function withoutRun(state: UiState, runId: string): UiState {
  const list = withRuns(
    state.list,
    (state.list.runs ?? []).filter(({ id }) => id !== runId),
  );
  const about = state.screens.findIndex((screen) => screen.type === 'live' && screen.runId === runId);
  const { [runId]: _, ...details } = state.details;
  return { ...state, list, details, screens: about < 0 ? state.screens : state.screens.slice(0, about) };
}

function withoutStarting(state: UiState): UiState {
  const screens = state.screens.map((screen) =>
    screen.type === 'form' ? { ...screen, form: { ...screen.form, isStarting: false } } : screen,
  );
  return { ...state, screens };
}

function atTime(state: UiState, now: number): UiState {
  const { toast } = state;
  if (toast === null) return { ...state, now };
  if (toast.until === null) return { ...state, now, toast: { ...toast, until: now + toast.lastsMs } };
  return { ...state, now, toast: now >= toast.until ? null : toast };
}

function withReadError(state: UiState, readError: string | null): UiState {
  return readError === state.readError ? state : { ...state, readError };
}
