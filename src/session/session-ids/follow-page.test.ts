import { beforeEach, describe, expect, test } from 'vitest';
import type { Page, PageEvent } from '../../platform/platform.ts';
import { followPage } from './follow-page.ts';
import type { SessionIDLease } from './session-id-lease.ts';
import { until } from '../../../test/support/until.ts';

let told: string[];
let isClean: boolean;
let isHeld: boolean;
let settle: (isBack: boolean) => void;
let rob: () => void;
let listeners: Map<PageEvent, () => void>;
let end: () => void;
beforeEach(() => {
  told = [];
  isClean = true;
  isHeld = true;
  settle = () => {};
  rob = () => {};
  listeners = new Map();
  end = followPage({
    page,
    lease,
    isClean: () => isClean,
    onReleased: () => told.push('given up'),
    onReclaimed: () => told.push('taken back'),
    onLost: () => told.push('lost'),
  });
});

const page: Pick<Page, 'on'> = {
  on(event, listener) {
    listeners.set(event, listener);
    return () => listeners.delete(event);
  },
};
const lease: Pick<SessionIDLease, 'isShared' | 'isHeld' | 'release' | 'reclaim' | 'onStolen'> = {
  isShared: true,
  get isHeld() {
    return isHeld;
  },
  release(clean) {
    isHeld = false;
    told.push(clean ? 'let go' : 'let go unclean');
  },
  reclaim: () =>
    new Promise((resolve) => {
      settle = (isBack) => {
        isHeld = isBack;
        resolve(isBack);
      };
    }),
  onStolen: (listener) => {
    rob = listener;
  },
};

const hide = () => listeners.get('hide')?.();
const show = () => listeners.get('show')?.();
const untilTold = (what: readonly string[]) => until(() => expect(told).toEqual(what));

describe('a frozen page', () => {
  test.each([
    [true, 'let go'],
    [false, 'let go unclean'],
  ])('releases its session ID at once, after its last message (everything saved: %s)', (clean, words) => {
    isClean = clean;
    hide();
    hide();
    expect(told).toEqual(['given up', words]);
  });

  test('continues when it gets its session ID back', async () => {
    hide();
    show();
    settle(true);
    await untilTold(['given up', 'let go', 'taken back']);
  });

  test('releases its session ID again if the page is frozen while it takes it back', async () => {
    hide();
    show();
    settle(true);
    hide();
    await untilTold(['given up', 'let go', 'let go']);
  });

  test('reports a lost session ID once, however it finds out', async () => {
    hide();
    show();
    settle(false);
    await untilTold(['given up', 'let go', 'lost']);
    expect(listeners.size).toBe(0);
    rob();
    expect(told.filter((word) => word === 'lost')).toHaveLength(1);
  });

  test('leaves its session ID unused if the session ends meanwhile', async () => {
    hide();
    show();
    end();
    settle(true);
    await untilTold(['given up', 'let go', 'let go unclean']);
  });

  test('does not continue under another session ID if the session ends meanwhile', async () => {
    hide();
    show();
    end();
    settle(false);
    await untilTold(['given up', 'let go', 'let go unclean']);
  });
});

test('a page whose session ID is stolen writes nothing more, and gets another ID', () => {
  rob();
  expect(told).toEqual(['given up', 'lost']);
});
