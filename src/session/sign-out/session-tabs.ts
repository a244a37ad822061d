import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { bytesToBase64url } from '../account/bytes.ts';
import { parseTabMessage, type TabMessage } from './sign-out-channel.ts';
import { afterSignOut, signOutOver } from './sign-out-lock.ts';
import { createTabPresence } from './tab-presence.ts';
import { together, type UnsyncedEdits, type WantedAt } from './unsynced-edits.ts';

/** This tab among all that have an account open or are opening it. */
export interface SessionTabs {
  /** Asks the other tabs which edits they would lose. A tab that does not answer in time may have some. */
  ask(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  /** Like `ask`, and no other tab accepts edits until the sign-out is over. Call it while this tab signs out. */
  holdOthers(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  /** Ends the sessions of the other tabs, which cannot be undone. Resolves when they are closed. */
  endOthers(wantedAt: WantedAt): Promise<unknown>;
  /**
   * Runs what opens the account here, once other tabs can see this one and none is signing the account out. If a tab then
   * signs out, it waits until this has settled. Closes on failure.
   */
  opening<T>(open: () => Promise<T>): Promise<T>;
  /** From now on, a session answers the other tabs. */
  serve(session: TabAnswers): void;
  /** Throws SESSION_CLOSED if another tab has signed the account out since this one entered. */
  throwIfSignedOut(): void;
  /** Ends this tab's session as another tab's sign-out does, for a tab that missed one. */
  endHere(): void;
  close(): void;
}

export interface TabAnswers {
  ask(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  /** Accepts no edits until the other tab's sign-out is over. */
  hold(wantedAt: WantedAt, over: Promise<void>): Promise<UnsyncedEdits>;
  /** Ends this tab's session when another tab signs out. */
  end(wantedAt: WantedAt): Promise<UnsyncedEdits>;
}

/** A tab that is still opening the account has made no edits. */
const nothing = () => Promise.resolve<UnsyncedEdits>({ ids: [], isWhole: true });
const noAnswers: TabAnswers = { ask: nothing, hold: nothing, end: nothing };

type Question = Exclude<TabMessage, { type: 'answer' }>;
const unknown: UnsyncedEdits = { ids: [], isWhole: false };

/** A tab answers at once, but one that is closing sends pending edits for up to two seconds. */
const answerMs = 4_000;
/** How long to wait for answers if the browser cannot list the other tabs. */
const silenceMs = 500;

export function createSessionTabs(
  platform: Pick<Platform, 'clock' | 'locks' | 'page' | 'random' | 'openTabChannel'>,
  accountID: string,
): SessionTabs {
  const { clock } = platform;
  const tab = bytesToBase64url(platform.random(9));
  const listeners = new Set<(message: TabMessage) => void>();
  const signedOut = new AbortController();
  let session = noAnswers;
  /** Resolves at once while this tab waits for another's sign-out. */
  let opened: Promise<unknown> = Promise.resolve();
  let held: Promise<unknown> = opened;
  let isClosed = false;
  let answering = 0;
  // First: a tab that sees this one must be able to reach it.
  const channel = platform.openTabChannel(`maia/session/${accountID}`, (data) => {
    const message = parseTabMessage(data);
    if (message?.type === 'answer') for (const listener of [...listeners]) listener(message);
    else if (message) void answer(message);
  });
  const presence = createTabPresence(platform, accountID, tab);

  async function end(wantedAt: WantedAt): Promise<UnsyncedEdits> {
    signedOut.abort(signedOutElsewhere());
    const edits = await session.end(wantedAt);
    await opened.catch(() => {}); // It may still write to this device.
    return edits;
  }

  async function hold(wantedAt: WantedAt): Promise<UnsyncedEdits> {
    const over = signOutOver(platform, accountID);
    held = over;
    await opened.catch(() => {}); // It may still write to this device.
    return session.hold(wantedAt, over);
  }

  async function answer({ type, turn, wantedAt }: Question): Promise<void> {
    answering++;
    const { ask } = session;
    const edits = await { ask, hold, end }[type](wantedAt).catch(() => unknown);
    channel?.post({ v: 1, type: 'answer', turn, tab, ...edits } satisfies TabMessage);
    answering--;
    closeIfDone();
  }

  /** A session that another tab ended must still answer that tab. */
  function closeIfDone(): void {
    if (isClosed && answering === 0) channel?.close();
  }

  async function send(type: Question['type'], wantedAt: WantedAt): Promise<UnsyncedEdits> {
    const turn = bytesToBase64url(platform.random(9));
    const expected = await presence.others();
    const answers = new Map<string, UnsyncedEdits>();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(expected ? answerMs : silenceMs, end);
      const receive = (message: TabMessage) => {
        if (message.type !== 'answer' || message.turn !== turn) return;
        answers.set(message.tab, message);
        if (isComplete()) end();
      };
      const isComplete = () => expected?.every((other) => answers.has(other)) ?? false;
      function end(): void {
        cancel();
        listeners.delete(receive);
        resolve();
      }
      listeners.add(receive);
      channel?.post({ v: 1, type, turn, wantedAt } satisfies TabMessage);
      if (!channel || isComplete()) end();
    });
    const stillThere = new Set(await presence.others());
    const silent = (expected ?? []).some((other) => !answers.has(other) && stillThere.has(other));
    return together([...answers.values(), ...(silent ? [unknown] : [])]);
  }

  function close(): void {
    isClosed = true;
    presence.leave();
    closeIfDone();
  }

  async function enter<T>(open: () => Promise<T>): Promise<T> {
    await presence.entered();
    const begin = () => {
      const opening = open();
      opened = opening;
      return { opening };
    };
    const { opening } = await afterSignOut(platform, accountID, signedOut.signal, begin);
    return opening;
  }

  return {
    ask: (wantedAt) => send('ask', wantedAt),
    holdOthers: (wantedAt) => send('hold', wantedAt),
    endOthers: (wantedAt) => send('end', wantedAt),
    async opening(open) {
      try {
        const result = await enter(open);
        await held;
        signedOut.signal.throwIfAborted();
        return result;
      } catch (error) {
        close();
        throw error;
      }
    },
    serve: (answers) => (session = answers),
    throwIfSignedOut: () => signedOut.signal.throwIfAborted(),
    endHere: () => void end('relay').catch(() => {}),
    close,
  };
}

export function signedOutElsewhere(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'The account was signed out in another tab, which ended this session. Sign in again to continue.',
    { details: { isSignedOut: true } },
  );
}
