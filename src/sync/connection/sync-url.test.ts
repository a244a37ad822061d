import { describe, expect, it } from 'vitest';
import { isKernelError } from '../../base/kernel-error.ts';
import { resolveFrom, resolveSyncUrl, type UrlSources } from './sync-url.ts';

const from = (sources: Omit<Partial<UrlSources>, 'page'> & { page?: string }) =>
  resolveFrom({
    option: undefined,
    devProxy: false,
    runTime: undefined,
    buildTime: undefined,
    appID: undefined,
    ...sources,
    page: sources.page === undefined ? undefined : new URL(sources.page),
  });

describe('which source wins', () => {
  const all = { option: 'a.org', runTime: 'b.org', buildTime: 'c.org', page: 'https://d.org/app' };
  it.each([
    ['the option', all, 'wss://a.org/sync'],
    ['the run-time global', { ...all, option: undefined }, 'wss://b.org/sync'],
    ['the build', { ...all, option: undefined, runTime: undefined }, 'wss://c.org/sync'],
    ['the page', { page: all.page }, 'wss://d.org/sync'],
    [
      'an empty global counts as none',
      { runTime: '', buildTime: 'c.org', page: all.page },
      'wss://c.org/sync',
    ],
    ['the option, in dev too', { ...all, devProxy: true }, 'wss://a.org/sync'],
    [
      'the page under the dev proxy, whatever the globals say',
      { ...all, option: undefined, devProxy: true, page: 'http://localhost:5173/' },
      'ws://localhost:5173/sync',
    ],
  ])('%s', (_name, sources, url) => expect(from(sources)).toBe(url));
});

describe('how an address is resolved', () => {
  it.each([
    ['relay.example.org', 'http://app.test/', 'wss://relay.example.org/sync'],
    ['relay.example.org:8443', 'https://app.test/', 'wss://relay.example.org:8443/sync'],
    ['relay.example.org/eu', 'https://app.test/', 'wss://relay.example.org/eu'],
    ['https://relay.example.org', 'https://app.test/', 'wss://relay.example.org/sync'],
    ['http://relay.lan:4203/sync', 'http://app.test/', 'ws://relay.lan:4203/sync'],
    ['localhost:4203', 'http://localhost:5173/', 'ws://localhost:4203/sync'],
    ['127.0.0.1:4203', 'http://localhost:5173/', 'ws://127.0.0.1:4203/sync'],
    ['[::1]:4203', 'http://localhost:5173/', 'ws://[::1]:4203/sync'],
    ['localhost:4203', 'https://app.test/', 'wss://localhost:4203/sync'],
    ['my_relay:4203', 'https://app.test/', 'wss://my_relay:4203/sync'],
    ['bücher.example', 'https://app.test/', 'wss://xn--bcher-kva.example/sync'],
    ['wss://a.org/sync?to=https://b.org', 'https://app.test/', 'wss://a.org/sync?to=https://b.org'],
    ['  relay.example.org ', 'https://app.test/', 'wss://relay.example.org/sync'],
  ])('%s', (option, page, url) => expect(from({ option, page })).toBe(url));
});

describe('[CONN-23] the address for an app', () => {
  it.each([
    ['a.org', 'wss://a.org/sync/notes'],
    ['a.org/sync/', 'wss://a.org/sync/notes'],
    ['wss://a.org/eu?x=1', 'wss://a.org/eu/notes?x=1'],
  ])('of %s ends with its ID', (option, url) => expect(from({ option, appID: 'notes' })).toBe(url));

  it('is the same for each source', () =>
    expect(from({ page: 'https://d.org/app', appID: 'notes' })).toBe('wss://d.org/sync/notes'));

  it.each(['', 'Notes', 'a/b', '..', 'a'.repeat(64), 5])('is none for the ID %j', (appID) => {
    const error = caught(() => from({ option: 'a.org', appID: appID as string }));
    expect(isKernelError(error, 'SYNC_URL_INVALID')).toBe(true);
    expect((error as Error).message).toContain('is not an app ID');
  });
});

describe('what is rejected, with the name and source of the value', () => {
  it.each([
    ['', 'is empty'],
    ['ftp://relay.example.org', '"ftp:"'],
    ['wss://', 'cannot be read'],
    ['not a domain', 'cannot be read'],
    ['ht!tp://x', 'cannot be read'],
    ['wss://ht!tp/x', 'cannot be read'],
    ['1http://x', 'cannot be read'],
    ['://x', 'cannot be read'],
    ['wss://https://relay.example.org', 'cannot be read'],
    ['"relay.example.org"', 'cannot be read'],
    ['${relay}', 'cannot be read'],
    ['wss://name:secret@relay.example.org', 'user name or password'],
    ['ws://relay.example.org', 'not encrypted'],
  ])('%j', (option, why) => {
    const error = caught(() => from({ option, page: 'https://app.test/' }));
    expect(isKernelError(error, 'SYNC_URL_INVALID')).toBe(true);
    expect((error as Error).message).toContain(why);
    expect((error as Error).message).toContain('`url` option');
  });

  it('[SEC-12] shows no password', () => {
    const error = caught(() => from({ option: 'wss://name:secret@relay.example.org' }));
    expect(String((error as Error).message)).not.toContain('secret');
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('names the global as the source', () => {
    const error = caught(() => from({ runTime: 'gopher://x', page: 'https://app.test/' }));
    expect((error as Error).message).toContain('globalThis.PUBLIC_API_DOMAIN');
  });

  it('a global that is not a string', () => {
    const error = caught(() => from({ runTime: 5 as unknown as string, page: 'https://app.test/' }));
    expect((error as Error).message).toContain('globalThis.PUBLIC_API_DOMAIN, is not a string');
  });

  it('outside a page, where nothing was given', () => {
    expect(
      isKernelError(
        caught(() => resolveSyncUrl()),
        'SYNC_URL_INVALID',
      ),
    ).toBe(true);
    expect(resolveSyncUrl({ url: 'relay.example.org' })).toBe('wss://relay.example.org/sync');
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
