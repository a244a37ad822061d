import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { bytesToBase64url } from '../account/bytes.ts';
import { parseTabMessage, type TabMessage } from './sign-out-channel.ts';
import { afterSignOut } from './sign-out-lock.ts';
import { createTabPresence } from './tab-presence.ts';
import { together, type UnsyncedEdits, type WantedAt } from './unsynced-edits.ts';

/** This tab among all that have an account open or are opening it. */
export interface SessionTabs {
  /** Asks the other tabs which edits they would lose. A tab that does not answer in time may have some. */
  ask(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  /** Ends the sessions of the other tabs. Resolves when they are closed, with the edits that would be lost. */
  endOthers(wantedAt: WantedAt): Promise<UnsyncedEdits>;
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
  unsynced(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  /** Ends this tab's session when another tab signs out. */
  end(wantedAt: WantedAt): Promise<UnsyncedEdits>;
}

/** A tab that is still opening the account has made no edits. */
const noAnswers: TabAnswers = { unsynced: () => Promise.resolve(none), end: () => Promise.resolve(none) };
const none: UnsyncedEdits = { ids: [], isWhole: true };

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
  let opened: Promise<unknown> = Promise.resolve();
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

  async function answer({ type, turn, wantedAt }: Question): Promise<void> {
    answering++;
    const edits = await (type === 'ask' ? session.unsynced(wantedAt) : end(wantedAt)).catch(() => unknown);
    channel?.post({ v: 1, type: 'answer', turn, tab, ...edits } satisfies TabMessage);
    answering--;
    closeIfDone();
  }

  /** A session that another tab ended must still answer that tab. */
  function closeIfDone(): void {
    if (isClosed && answering === 0) channel?.close();
  }

  async function send(type: 'ask' | 'end', wantedAt: WantedAt): Promise<UnsyncedEdits> {
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
    await afterSignOut(platform, accountID, signedOut.signal);
    return open();
  }

  return {
    ask: (wantedAt) => send('ask', wantedAt),
    endOthers: (wantedAt) => send('end', wantedAt),
    async opening(open) {
      const result = enter(open);
      opened = result;
      try {
        return await result;
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
