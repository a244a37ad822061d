import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Page, PageEvent } from '../../platform/platform.ts';
import { followPage } from './follow-page.ts';
import type { SessionIDLease } from './session-id-lease.ts';

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
    onGivenUp: () => told.push('given up'),
    onTakenBack: () => told.push('taken back'),
    onLost: () => told.push('lost'),
  });
});

const page: Pick<Page, 'on'> = {
  on(event, listener) {
    listeners.set(event, listener);
    return () => listeners.delete(event);
  },
};
const lease: Pick<SessionIDLease, 'isHeld' | 'letGo' | 'takeBack' | 'onRobbed'> = {
  get isHeld() {
    return isHeld;
  },
  letGo(clean) {
    isHeld = false;
    told.push(clean ? 'let go' : 'let go unclean');
  },
  takeBack: () =>
    new Promise((resolve) => {
      settle = (isBack) => {
        isHeld = isBack;
        resolve(isBack);
      };
    }),
  onRobbed: (listener) => {
    rob = listener;
  },
};

const hide = () => listeners.get('hide')?.();
const show = () => listeners.get('show')?.();
const untilTold = (what: readonly string[]) => vi.waitFor(() => expect(told).toEqual(what));

describe('a page that is set aside', () => {
  test.each([
    [true, 'let go'],
    [false, 'let go unclean'],
  ])('gives its id up at once, after its last word (everything saved: %s)', (clean, words) => {
    isClean = clean;
    hide();
    hide();
    expect(told).toEqual(['given up', words]);
  });

  test('goes on when it has its id back', async () => {
    hide();
    show();
    settle(true);
    await untilTold(['given up', 'let go', 'taken back']);
  });

  test('gives its id up again where it is left while it takes it back', async () => {
    hide();
    show();
    settle(true);
    hide();
    await untilTold(['given up', 'let go', 'let go']);
  });

  test('has lost its id once, however it hears of it', async () => {
    hide();
    show();
    settle(false);
    await untilTold(['given up', 'let go', 'lost']);
    expect(listeners.size).toBe(0);
    rob();
    expect(told.filter((word) => word === 'lost')).toHaveLength(1);
  });

  test('that is ended meanwhile leaves its id to nobody', async () => {
    hide();
    show();
    end();
    settle(true);
    await untilTold(['given up', 'let go', 'let go unclean']);
  });

  test('that is ended meanwhile does not go on under another id', async () => {
    hide();
    show();
    end();
    settle(false);
    await untilTold(['given up', 'let go', 'let go unclean']);
  });
});

test('a page that is robbed of its id writes nothing more, and gets another one', () => {
  rob();
  expect(told).toEqual(['given up', 'lost']);
});
