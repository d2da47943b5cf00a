/** Commands of the New run screens: choosing a preset, the form, and editing one field. */
import type { Command } from '../keys.ts';
import type { Preset } from '../services.ts';
import {
  acceptEdit,
  beginEditing,
  choicesOf,
  cycleChoice,
  type ExperimentForm,
  focusedField,
  formFromPreset,
  formProblems,
  isEdited,
  isNarrowed,
  listedFields,
  toNextProblem,
  toSection,
  withListing,
  withValue,
} from './experiment-form.ts';
import { bodyRows, formRows, presetsPerPage } from './layout.ts';
import { isMove, movePosition } from './list-position.ts';
import { type Effect, type Update, update, withInfo } from './messages.ts';
import { editText, insertText, textFieldOf } from './text-field.ts';
import { popScreen, pushScreen, topScreen, type UiState, withTop } from './ui-state.ts';

export function updatePresets(state: UiState, position: number, command: Command): Update {
  const presets = state.presets ?? [];
  if (isMove(command)) {
    const moved = movePosition(position, command, presets.length, presetsPerPage(bodyRows(state.size)));
    return update(withTop(state, { type: 'presets', position: moved }));
  }
  if (command === 'back') return update(popScreen(state));
  if (command !== 'choose-preset') return update(state);
  const preset = presets[position];
  if (preset === undefined) return update(withInfo(state, 'There is no preset here. esc goes back.'));
  return openForm(state, preset);
}

/** The form opened on a preset, checked at once. */
export function openForm(state: UiState, preset: Preset): Update {
  const form = formFromPreset(preset);
  return update(pushScreen(state, { type: 'form', form }), check(form));
}

export function updateForm(state: UiState, form: ExperimentForm, command: Command): Update {
  if (form.isStarting) {
    return command === 'start' || command === 'edit' ? update(withInfo(state, 'The run is starting…')) : update(state);
  }
  const field = focusedField(form);
  if (isMove(command)) {
    const cursor = movePosition(form.cursor, command, listedFields(form).length + 1, formRows(state.size));
    return update(withForm(state, { ...form, cursor }));
  }
  switch (command) {
    case 'start':
      return start(state, form);
    case 'edit':
      if (field === null) return start(state, form);
      return choicesOf(field).length > 0
        ? changed(state, cycleChoice(form, 1))
        : update(withForm(state, beginEditing(form)));
    case 'toggle':
    case 'next-choice':
    case 'previous-choice':
      return cycle(state, form, command === 'previous-choice' ? -1 : 1);
    case 'reset':
      if (field === null) return update(state);
      return changed(state, withValue(form, field.path, form.presetValues[field.path] ?? ''));
    case 'next-problem':
      if (formProblems(form).length === 0) return update(withInfo(state, 'No problems: the run can start.'));
      return update(withForm(state, toNextProblem(form)));
    case 'next-section':
    case 'previous-section':
      return update(withForm(state, toSection(form, command === 'next-section' ? 'next' : 'previous')));
    case 'filter':
      return update(withForm(state, { ...form, isFiltering: true }));
    case 'toggle-changed':
      return update(withForm(state, withListing(form, { showsChangedOnly: !form.showsChangedOnly })));
    case 'write-file':
      return update(withForm(state, { ...form, fileName: textFieldOf(form.values.name ?? '') }));
    case 'back':
      if (isNarrowed(form)) return update(withForm(state, withListing(form, NOTHING_LEFT_OUT)));
      return update(isEdited(form) ? { ...state, confirm: { about: 'discard' } } : popScreen(state));
    default:
      return update(state);
  }
}

const NOTHING_LEFT_OUT = { filter: textFieldOf(''), isFiltering: false, showsChangedOnly: false };

/** Commands while the filter of the fields is typed. */
export function updateFormFilter(state: UiState, form: ExperimentForm, command: Command): Update {
  switch (command) {
    case 'accept':
      return update(withForm(state, { ...form, isFiltering: false }));
    case 'cancel':
      return update(withForm(state, withListing(form, { filter: textFieldOf(''), isFiltering: false })));
    default:
      return update(withForm(state, withListing(form, { filter: editText(form.filter, command) })));
  }
}

/** Commands while the name of the file to write is typed. */
export function updateFileName(state: UiState, form: ExperimentForm, command: Command): Update {
  if (form.fileName === null) return update(state);
  const done = withForm(state, { ...form, fileName: null });
  switch (command) {
    case 'accept': {
      const fileName = form.fileName.text.trim();
      if (fileName === '') return update(withInfo(done, 'Nothing is written: the file needs a name.'));
      return update(done, { type: 'write-experiment', values: form.values, fileName, overwrites: false });
    }
    case 'cancel':
      return update(done);
    default:
      return update(withForm(state, { ...form, fileName: editText(form.fileName, command) }));
  }
}

/** Commands while a field is edited. */
export function updateEdit(state: UiState, form: ExperimentForm, command: Command): Update {
  if (form.editing === null) return update(state);
  switch (command) {
    case 'accept':
      return changed(state, acceptEdit(form));
    case 'cancel':
      return update(withForm(state, { ...form, editing: null }));
    case 'start':
      return start(state, acceptEdit(form));
    default:
      return update(withForm(state, { ...form, editing: editText(form.editing, command) }));
  }
}

/** Text typed or pasted into what is being written: a file's name, the filter, a field. */
export function typeField(state: UiState, form: ExperimentForm, text: string): UiState {
  if (form.fileName !== null) return withForm(state, { ...form, fileName: insertText(form.fileName, text) });
  if (form.isFiltering) return withForm(state, withListing(form, { filter: insertText(form.filter, text) }));
  return form.editing === null ? state : withForm(state, { ...form, editing: insertText(form.editing, text) });
}

/** The state after the experiment was checked as a whole; starts the run when that was asked and nothing is wrong. */
export function afterCheck(state: UiState, problems: ExperimentForm['problems'], isStart: boolean): Update {
  const screen = topScreen(state);
  if (screen.type !== 'form') return update(state);
  const form = { ...screen.form, problems };
  const all = formProblems(form);
  if (!isStart) return update(withForm(state, form));
  if (all.length > 0) {
    // The Start row is where all problems are listed.
    const refused = { ...form, wasRefused: true, cursor: listedFields(form).length };
    return update(withForm(state, refused));
  }
  return update(withForm(state, { ...form, isStarting: true }), { type: 'start-run', values: form.values });
}

/** The state with another form on its screen. */
export function withForm(state: UiState, form: ExperimentForm): UiState {
  return withTop(state, { type: 'form', form });
}

function start(state: UiState, form: ExperimentForm): Update {
  const effect: Effect = { type: 'check-experiment', values: form.values, isStart: true };
  return update(withForm(state, form), effect);
}

function cycle(state: UiState, form: ExperimentForm, offset: 1 | -1): Update {
  const field = focusedField(form);
  if (field === null) return update(withInfo(state, 'enter starts the run.'));
  if (choicesOf(field).length === 0) return update(withInfo(state, `${field.label}: enter edits it.`));
  return changed(state, cycleChoice(form, offset));
}

function changed(state: UiState, form: ExperimentForm): Update {
  return update(withForm(state, form), check(form));
}

function check(form: ExperimentForm): Effect {
  return { type: 'check-experiment', values: form.values, isStart: false };
}
