import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { StorageManagement } from '../../platform/platform.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createStorageQuota, type QuotaStatus } from './storage-quota.ts';
import { until } from '../../../test/support/until.ts';

let clock: FakeClock;
let changes: QuotaStatus[];
beforeEach(() => {
  clock = createFakeClock();
  changes = [];
});

/** A fake browser that counts calls. */
function browser(answers: Partial<StorageManagement>) {
  const manager = {
    estimate: vi.fn(answers.estimate ?? (() => Promise.resolve({ usage: 10, quota: 1_000 }))),
    persisted: vi.fn(answers.persisted ?? (() => Promise.resolve(false))),
    persist: vi.fn(answers.persist ?? (() => Promise.resolve(true))),
  };
  return { manager, quota: quotaOf(manager) };
}

const quotaOf = (manager: StorageManagement | undefined) =>
  createStorageQuota({ manager, clock, onChange: (status) => changes.push(status) });
const untilStatus = (status: QuotaStatus) => until(() => expect(changes.at(-1)).toStrictEqual(status));
/** Lets pending answers arrive. */
const answered = () => new Promise((resolve) => setImmediate(resolve));

describe('the estimate', () => {
  it('contains the browser’s figures', async () => {
    const { quota } = browser({});
    quota.check();
    await untilStatus({ usedBytes: 10, quotaBytes: 1_000, persisted: false });
  });

  it('leaves out figures that the browser does not give', async () => {
    const { quota } = browser({ estimate: () => Promise.resolve({ usage: 0 }) });
    quota.check();
    await untilStatus({ usedBytes: 0, persisted: false });
  });

  it('is refreshed at most once a minute', () => {
    const { manager, quota } = browser({});
    for (let time = 0; time < 3; time++) quota.check();
    clock.advance(59_999);
    quota.check();
    expect(manager.estimate).toHaveBeenCalledTimes(1);
    clock.advance(1);
    quota.check();
    expect(manager.estimate).toHaveBeenCalledTimes(2);
  });
});

describe('persistent storage', () => {
  it('is requested once, when there is data to keep', async () => {
    const { manager, quota } = browser({});
    quota.check();
    await answered();
    expect(manager.persist).not.toHaveBeenCalled();
    quota.persist();
    quota.persist();
    await untilStatus({ usedBytes: 10, quotaBytes: 1_000, persisted: true });
    expect(manager.persist).toHaveBeenCalledTimes(1);
  });

  it('is not requested if the browser has granted it', async () => {
    const { manager, quota } = browser({ persisted: () => Promise.resolve(true) });
    quota.persist();
    await untilStatus({ persisted: true });
    await answered();
    expect(manager.persist).not.toHaveBeenCalled();
  });

  it('is published as not granted until the user answers, and after the user refuses', async () => {
    let refuse = () => {};
    const persist = () => new Promise<boolean>((resolve) => (refuse = () => resolve(false)));
    const { quota } = browser({ persist });
    quota.persist();
    await untilStatus({ persisted: false });
    refuse();
    await answered();
    expect(changes).toEqual([{ persisted: false }, { persisted: false }]);
  });
});

describe('a browser without answers', () => {
  it('is not asked', async () => {
    const quota = quotaOf(undefined);
    quota.check();
    quota.persist();
    await answered();
    expect(changes).toEqual([]);
  });

  it('may refuse some questions and answer the others', async () => {
    const refuse = () => Promise.reject(new TypeError('refused'));
    const { quota } = browser({ estimate: refuse, persist: refuse });
    quota.check();
    quota.persist();
    await untilStatus({ persisted: false });
    await answered();
    expect(changes).toEqual([{ persisted: false }, { persisted: false }]);
  });
});

describe('at the user’s request', () => {
  it('the estimate is refreshed at once, and its time recorded', async () => {
    const { manager, quota } = browser({});
    expect(quota.measuredAtMs).toBeUndefined();
    quota.check();
    await untilStatus({ usedBytes: 10, quotaBytes: 1_000, persisted: false });
    clock.advance(5);
    await quota.checkNow();
    expect(manager.estimate).toHaveBeenCalledTimes(2);
    expect(quota.measuredAtMs).toBe(clock.nowMs());
  });

  it('persistent storage is requested again, even after a refusal', async () => {
    const answers = [false, true];
    const { quota } = browser({ persist: () => Promise.resolve(answers.shift() ?? false) });
    expect(await quota.persistNow()).toBe(false);
    expect(await quota.persistNow()).toBe(true);
    expect(changes.at(-1)).toEqual({ persisted: true });
    expect(await quotaOf(undefined).persistNow()).toBeUndefined();
  });
});
