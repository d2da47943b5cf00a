import { describe, expect, it } from 'vitest';
import { experimentFields } from '../../../src/engine/config/experiment-fields.ts';
import {
  acceptEdit,
  beginEditing,
  changedPaths,
  choicesOf,
  cycleChoice,
  type ExperimentForm,
  fieldProblem,
  fieldsInUse,
  focusedField,
  formFromPreset,
  formProblems,
  isChanged,
  toNextProblem,
  withValue,
} from '../../../src/ui/state/experiment-form.ts';
import { fixtureServices } from '../support/fixture-services.ts';

const [preset] = fixtureServices().presetList;
if (preset === undefined) throw new Error('the fixture has no preset');
const form = formFromPreset(preset);

function at(from: ExperimentForm, path: string): ExperimentForm {
  return { ...from, cursor: fieldsInUse(from).findIndex((field) => field.path === path) };
}

function fieldOf(path: string) {
  const found = experimentFields.find((field) => field.path === path);
  if (found === undefined) throw new Error(`no field ${path}`);
  return found;
}

describe('a form from a preset', () => {
  it('has the values of the preset, defaults for the rest, and no problem', () => {
    expect(form.values['training.learning_rate']).toBe('1e-3');
    expect(form.values['training.num_train_epochs']).toBe('3');
    expect(form.values['training.adam_epsilon']).toBe('1e-8');
    expect(form.values['training.dropout']).toBe('');
    expect(formProblems(form)).toEqual([]);
    expect(changedPaths(form)).toEqual([]);
  });

  it('leaves out values that are no fields', () => {
    const copied = formFromPreset({ ...preset, values: { ...preset.values, 'data.validation_corpus': '' } });
    expect(Object.keys(copied.values)).not.toContain('data.validation_corpus');
  });

  it('shows only fields of the chosen corpus format', () => {
    const paths = (of: ExperimentForm) => fieldsInUse(of).map(({ path }) => path);
    expect(paths(form)).not.toContain('data.corpus.path');
    expect(paths(withValue(form, 'data.corpus.format', 'tsv'))).toContain('data.corpus.source_column');
    expect(paths(withValue(form, 'data.corpus.format', 'moses'))).toContain('data.corpus.source');
  });
});

describe('problems', () => {
  it.each([
    ['training.learning_rate', 'fast', /is "fast"; expected a number from 0 to 1/],
    ['training.learning_rate', '', /is empty/],
    ['training.per_device_train_batch_size', '2.5', /expected a whole number/],
    ['data.source_lang', '', /is required/],
    ['device', 'gpu', /expected one of auto, native, wasm, cpu, cuda/],
  ])('%s = "%s": %s', (path, text, message) => {
    expect(fieldProblem(withValue(form, path, text), fieldOf(path))).toMatch(message);
  });

  it('of the whole experiment stand with their field, or at the end when they belong to none shown', () => {
    const checked = {
      ...form,
      problems: [
        { path: 'training.warmup_steps', message: 'is more than all steps' },
        { path: '', message: 'nothing to train on' },
      ],
    };
    expect(fieldProblem(checked, fieldOf('training.warmup_steps'))).toBe('is more than all steps');
    expect(formProblems(checked).map(({ message }) => message)).toEqual([
      'is more than all steps',
      'nothing to train on',
    ]);
  });

  it('are gone through one by one, round the corner', () => {
    const bad = withValue(withValue(form, 'model', ''), 'training.seed', 'x');
    const first = toNextProblem(bad);
    expect(focusedField(first)?.path).toBe('model');
    const second = toNextProblem(first);
    expect(focusedField(second)?.path).toBe('training.seed');
    expect(focusedField(toNextProblem(second))?.path).toBe('model');
    expect(toNextProblem(form)).toBe(form);
  });
});

describe('editing', () => {
  it('takes over what was typed, also when it is wrong, and shows it as changed', () => {
    const editing = beginEditing(at(form, 'training.learning_rate'));
    expect(editing.editing).toEqual({ text: '1e-3', cursor: 4 });
    const typed = { ...editing, editing: { text: 'fast', cursor: 4 } };
    expect(isChanged(typed, 'training.learning_rate')).toBe(true);
    const accepted = acceptEdit(typed);
    expect(accepted.values['training.learning_rate']).toBe('fast');
    expect(accepted.editing).toBeNull();
    expect(changedPaths(accepted)).toEqual(['training.learning_rate']);
  });

  it('does not edit the Start row', () => {
    const onStart = { ...form, cursor: fieldsInUse(form).length };
    expect(focusedField(onStart)).toBeNull();
    expect(beginEditing(onStart)).toBe(onStart);
  });

  it('keeps the cursor on its field when fields come in above it', () => {
    const onFormat = at(form, 'data.corpus.format');
    expect(focusedField(withValue(onFormat, 'data.corpus.format', 'tsv'))?.path).toBe('data.corpus.format');
    const onSeed = at(form, 'training.seed');
    expect(focusedField(withValue(onSeed, 'data.corpus.format', 'tsv'))?.path).toBe('training.seed');
  });
});

describe('choices', () => {
  it('go round both ways', () => {
    const onDevice = at(form, 'device');
    const seen = [1, 1, 1, 1, 1].reduce<ExperimentForm[]>(
      (forms) => [...forms, cycleChoice(forms.at(-1) ?? onDevice, 1)],
      [onDevice],
    );
    expect(seen.map(({ values }) => values.device)).toEqual(['auto', 'native', 'wasm', 'cpu', 'cuda', 'auto']);
    expect(cycleChoice(onDevice, -1).values.device).toBe('cuda');
  });

  it('have the empty text for no value where there may be none', () => {
    expect(choicesOf(fieldOf('generation.early_stopping'))).toEqual(['', 'true', 'false', 'never']);
    expect(choicesOf(fieldOf('evaluation.before'))).toEqual(['true', 'false']);
    expect(choicesOf(fieldOf('training.seed'))).toEqual([]);
  });

  it('begin with the first when the value is none of them', () => {
    const wrong = at(withValue(form, 'device', 'gpu'), 'device');
    expect(cycleChoice(wrong, 1).values.device).toBe('auto');
  });
});
