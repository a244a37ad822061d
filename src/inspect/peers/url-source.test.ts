import { describe, expect, it } from 'vitest';
import type { UrlSources } from '../../sync/inspection.ts';
import { defaultUrlSource } from './url-source.ts';

const none: UrlSources = {
  option: undefined,
  devProxy: false,
  runTime: undefined,
  buildTime: undefined,
  page: new URL('https://app.example/lists'),
  appID: undefined,
};
const origin = 'wss://app.example/sync';

describe('the source of a default address', () => {
  it.each<[string, Partial<UrlSources>, string, string | undefined]>([
    ['the page', {}, origin, 'page'],
    ['the global', { runTime: 'a.example', buildTime: 'b.example' }, 'wss://a.example/sync', 'run-time'],
    ['the build', { buildTime: 'b.example' }, 'wss://b.example/sync', 'build-time'],
    ['the dev server', { devProxy: true, runTime: 'a.example' }, origin, 'dev-server'],
    ['the page, as the global was set after sync began', { runTime: 'a.example' }, origin, 'page'],
    ['unknown, as the page moved on', {}, 'wss://other.example/sync', undefined],
    ['the page, with the path of an app', { appID: 'notes' }, `${origin}/notes`, 'page'],
    ['the page, beside a global that is no address', { runTime: 'ftp://a' }, origin, 'page'],
  ])('is %s', (_name, sources, url, source) => {
    expect(defaultUrlSource(url, { ...none, ...sources })).toBe(source);
  });
});
