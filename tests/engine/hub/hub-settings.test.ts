/** The environment as huggingface_hub reads it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findHubToken, readHubSettings } from '../../../src/engine/hub/hub-settings.ts';

describe('the settings', () => {
  it('are those of the hub itself by default', () => {
    expect(readHubSettings({ HOME: '/home/me' })).toEqual({
      endpoint: 'https://huggingface.co',
      cacheDirectory: '/home/me/.cache/huggingface/hub',
      isOffline: false,
      lookUpTimeoutMs: 10_000,
      stallMs: 10_000,
    });
  });

  it.each([
    [{ HF_HOME: '/data/hf' }, '/data/hf/hub'],
    [{ HF_HOME: '~/hf' }, '/home/me/hf/hub'],
    [{ HF_HOME: '$DATA/hf', DATA: '/data' }, '/data/hf/hub'],
    [{ XDG_CACHE_HOME: '/cache' }, '/cache/huggingface/hub'],
    [{ HF_HUB_CACHE: '/one', HUGGINGFACE_HUB_CACHE: '/two', HF_HOME: '/three' }, '/one'],
    [{ HUGGINGFACE_HUB_CACHE: '~/two', HF_HOME: '/three' }, '/home/me/two'],
  ])('%j puts the cache into %s', (env, expected) => {
    expect(readHubSettings({ HOME: '/home/me', ...env }).cacheDirectory).toBe(expected);
  });

  it.each(['1', 'on', 'Yes', 'TRUE'])('are offline for %s, and not for 0', (value) => {
    expect(readHubSettings({ HF_HUB_OFFLINE: value }).isOffline).toBe(true);
    expect(readHubSettings({ TRANSFORMERS_OFFLINE: value }).isOffline).toBe(true);
    expect(readHubSettings({ HF_HUB_OFFLINE: '0' }).isOffline).toBe(false);
  });

  it('take a mirror without the slash at its end, and times in seconds', () => {
    const settings = readHubSettings({
      HF_ENDPOINT: 'https://mirror.example/hub/',
      HF_HUB_ETAG_TIMEOUT: '3',
      HF_HUB_DOWNLOAD_TIMEOUT: '60',
    });
    expect(settings).toMatchObject({ endpoint: 'https://mirror.example/hub', lookUpTimeoutMs: 3_000, stallMs: 60_000 });
  });
});

describe('the token', () => {
  function home(token: string, name = 'token'): string {
    const folder = mkdtempSync(join(tmpdir(), 'bleubird-token-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, name), token);
    return folder;
  }

  it('is that of HF_TOKEN, before the older name and the file', () => {
    const env = { HF_HOME: home('hf_file\n'), HUGGING_FACE_HUB_TOKEN: 'hf_old' };
    expect(findHubToken({ ...env, HF_TOKEN: ' hf_new\n' }).token).toBe('hf_new');
    expect(findHubToken({ ...env, HF_TOKEN: '' }).token).toBe('hf_old');
    expect(findHubToken({ HF_HOME: env.HF_HOME }).token).toBe('hf_file');
  });

  it('comes from the file that HF_TOKEN_PATH names', () => {
    expect(findHubToken({ HF_HOME: home('hf_a'), HF_TOKEN_PATH: join(home('hf_b', 'mine'), 'mine') }).token).toBe(
      'hf_b',
    );
  });

  it('is none when there is none, and when it is not to be sent unasked', () => {
    const none = { token: null, problem: null };
    expect(findHubToken({ HF_HOME: '/nonexistent' })).toEqual(none);
    expect(findHubToken({ HF_TOKEN: 'hf_x', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toEqual(none);
  });

  it.each([
    ['HF_TOKEN', 'hf_secret words', 'there is a space in it'],
    ['HF_TOKEN', 'hf_secret\n  words', 'there is a space in it'],
    ['HUGGING_FACE_HUB_TOKEN', 'hf_secret…', 'it has a character that no token has'],
  ])('that is malformed in %s is told of, not shown, nor passed over for another', (name, text, fault) => {
    const found = findHubToken({ HF_HOME: home('hf_file'), [name]: text });
    expect(found).toEqual({ token: null, problem: `what stands in ${name} is malformed: ${fault}` });
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('that is malformed in a file names the file', () => {
    const folder = home('Bearer hf_secret');
    const problem = `what stands in the file ${join(folder, 'token')} is malformed: there is a space in it`;
    expect(findHubToken({ HF_HOME: folder })).toEqual({ token: null, problem });
  });
});
