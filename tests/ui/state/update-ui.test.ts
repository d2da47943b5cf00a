/** The state machine without a terminal: messages in, states and effects out. */
import { describe, expect, it } from 'vitest';
import type { Effect, Message } from '../../../src/ui/state/messages.ts';
import { contextOf, initialState, topScreen, type UiState } from '../../../src/ui/state/ui-state.ts';
import { updateUi } from '../../../src/ui/state/update-ui.ts';
import { fixtureServices, NOW, sampleRuns } from '../support/fixture-services.ts';

const size = { columns: 80, rows: 24 };
const runs = sampleRuns().map(({ record }) => record);
const start = play(initialState(size, NOW), { type: 'runs-read', runs }).state;

function play(state: UiState, ...messages: readonly Message[]): { state: UiState; effects: Effect[] } {
  return messages.reduce<{ state: UiState; effects: Effect[] }>(
    (so, message) => {
      const next = updateUi(so.state, message);
      return { state: next.state, effects: [...so.effects, ...next.effects] };
    },
    { state, effects: [] },
  );
}

function keys(...names: readonly string[]): Message[] {
  return names.map((name) => ({ type: 'key', press: { name, text: name.length === 1 ? name : null } }));
}

describe('going from screen to screen', () => {
  it.each([
    [['enter'], 'live'],
    [['enter', 'esc'], 'runs'],
    [['n'], 'presets'],
    [['n', 'esc'], 'runs'],
    [['space', 'space', 'c'], 'compare'],
    [['space', 'space', 'c', 'esc'], 'runs'],
    [['?'], 'help'],
    [['enter', '?', 'esc'], 'live'],
    [['/'], 'filter'],
    [['/', 'enter'], 'runs'],
    [['x'], 'confirm'],
    [['x', 'esc'], 'runs'],
    [['c'], 'runs'],
    [['esc'], 'runs'],
  ])('%j leads to %s', (names, context) => {
    expect(contextOf(play(start, ...keys(...names)).state)).toBe(context);
  });

  it('quits by q from every screen without a question, but not while text is written', () => {
    for (const before of [[], ['enter'], ['n'], ['?'], ['space', 'space', 'c']]) {
      expect(play(start, ...keys(...before, 'q')).effects.at(-1), before.join(' ')).toEqual({ type: 'quit' });
    }
    expect(play(start, ...keys('/', 'q')).effects).toEqual([]);
    expect(play(start, ...keys('/', 'ctrl+c')).effects).toEqual([{ type: 'quit' }]);
  });

  it('undoes filter and marks one by one with esc on the first screen', () => {
    const narrowed = play(start, ...keys('space', '/', 'q', 'enter')).state;
    const withoutFilter = play(narrowed, ...keys('esc')).state;
    expect(withoutFilter.list.filter.text).toBe('');
    expect(withoutFilter.list.markedIds).toHaveLength(1);
    expect(play(withoutFilter, ...keys('esc')).state.list.markedIds).toEqual([]);
  });
});

describe('stopping', () => {
  it('asks, and stops only on yes', () => {
    expect(play(start, ...keys('x', 'y')).effects).toEqual([
      { type: 'stop-run', runId: 'k3x9', title: 'quickstart k3x9' },
    ]);
    expect(play(start, ...keys('x', 'n')).effects).toEqual([]);
    expect(play(start, ...keys('x', 'enter')).effects).toEqual([]);
  });

  it('gives the reason when a run cannot be stopped', () => {
    const { state } = play(start, ...keys('G', 'x'));
    expect(state.confirm).toBeNull();
    expect(state.toast?.text).toBe('worse w1w1 is not going on: it is completed.');
  });
});

describe('a new run', () => {
  const presets = fixtureServices().presetList;
  const onForm = play(start, ...keys('n'), { type: 'presets-read', presets }, ...keys('enter')).state;
  const checked = (isStart: boolean): Message => ({ type: 'experiment-checked', problems: [], isStart });

  it('is checked as a whole before it starts', () => {
    const { effects } = play(onForm, ...keys('ctrl+s'));
    expect(effects).toMatchObject([{ type: 'check-experiment', isStart: true }]);
    expect(play(onForm, checked(true)).effects).toMatchObject([{ type: 'start-run' }]);
    expect(play(onForm, checked(false)).effects).toEqual([]);
  });

  it('starts once however often start is pressed', () => {
    const { state, effects } = play(
      onForm,
      ...keys('ctrl+s'),
      checked(true),
      ...keys('ctrl+s', 'ctrl+s', 'G', 'enter', 'esc'),
    );
    expect(effects.filter(({ type }) => type === 'start-run')).toHaveLength(1);
    expect(effects.filter(({ type }) => type === 'check-experiment')).toHaveLength(1);
    expect(contextOf(state)).toBe('form');
  });

  it.each([
    [['enter', 'x', 'enter'], 'a value was typed'],
    [['enter', 'x', 'enter', 'G'], 'the cursor has moved on'],
  ])('asks before it throws edits away (%j: %s), and keeps them on no', (edits) => {
    const edited = play(onForm, ...keys(...edits)).state;
    const asked = play(edited, ...keys('esc')).state;
    expect(contextOf(asked)).toBe('confirm');
    const kept = play(asked, ...keys('n')).state;
    expect(topScreen(kept)).toEqual(topScreen(edited));
    expect(contextOf(play(asked, ...keys('y')).state)).toBe('presets');
  });

  it('is left at once when nothing was edited, or all of it was taken back', () => {
    expect(contextOf(play(onForm, ...keys('esc')).state)).toBe('presets');
    const takenBack = play(onForm, ...keys('enter', 'x', 'enter', 'r')).state;
    expect(contextOf(play(takenBack, ...keys('esc')).state)).toBe('presets');
  });

  it('is refused with its problems', () => {
    const problems = [{ path: 'training.warmup_steps', message: 'is too large' }];
    const { state, effects } = play(onForm, { type: 'experiment-checked', problems, isStart: true });
    expect(effects).toEqual([]);
    expect(topScreen(state)).toMatchObject({ type: 'form', form: { wasRefused: true, isStarting: false } });
  });

  it('shows its run in place of the form, and goes back to the list from there', () => {
    const { state } = play(onForm, checked(true), { type: 'run-started', runId: 'new1' });
    expect(topScreen(state)).toMatchObject({ type: 'live', runId: 'new1' });
    expect(contextOf(play(state, ...keys('esc')).state)).toBe('runs');
  });

  it('can be tried again after a failure, also when help was opened meanwhile', () => {
    const starting = play(onForm, checked(true), ...keys('?')).state;
    const failed = play(
      starting,
      { type: 'start-failed', failure: { message: 'No model.', hint: 'Fetch it.' } },
      ...keys('esc'),
    );
    expect(topScreen(failed.state)).toMatchObject({ type: 'form', form: { isStarting: false } });
    expect(play(failed.state, checked(true)).effects).toMatchObject([{ type: 'start-run' }]);
  });
});

describe('messages to the user', () => {
  it('go away with the next key', () => {
    const said = play(start, ...keys('c')).state;
    expect(said.toast?.text).toContain('Mark two or more runs');
    expect(play(said, ...keys('j')).state.toast).toBeNull();
  });

  it('go away by themselves, counted from the first look at the clock', () => {
    const failure = { message: 'It\nfailed.', hint: null };
    const said = play(start, { type: 'failed', failure }).state;
    expect(said.toast?.text).toBe('It failed.');
    const seen = play(said, { type: 'clock', now: NOW + 60_000 }).state;
    expect(play(seen, { type: 'clock', now: NOW + 71_000 }).state.toast?.text).toBe('It failed.');
    expect(play(seen, { type: 'clock', now: NOW + 72_000 }).state.toast).toBeNull();
  });

  it('keep the same state object while the store stays unreadable for the same reason', () => {
    const failed = play(start, { type: 'read-failed', failure: { message: 'Locked.', hint: null } }).state;
    expect(failed.readError).toBe('Locked.');
    expect(play(failed, { type: 'read-failed', failure: { message: 'Locked.', hint: null } }).state).toBe(failed);
  });
});

describe('the events of a run', () => {
  const detail = (count: number): Message => ({
    type: 'detail-read',
    runId: 'k3x9',
    detail: {
      record: runs[0],
      events: Array.from({ length: count }, (_, seq) => ({ seq, time: 0, type: 'phase', text: `${seq}` })),
    } as never,
  });

  it('stay at their end until the user scrolls up, and again once he is back at the end', () => {
    const following = play(start, ...keys('enter', '4'), detail(100)).state;
    expect(topScreen(following)).toMatchObject({ isFollowing: true });
    const up = play(following, ...keys('k')).state;
    // 24 rows less title, tabs, empty line, message and keys show 19 of 100 events.
    expect(topScreen(up)).toMatchObject({ isFollowing: false, position: 80 });
    expect(topScreen(play(up, ...keys('G')).state)).toMatchObject({ isFollowing: true });
  });
});
