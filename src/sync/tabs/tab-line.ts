import type { Page } from '../../platform/platform.ts';
import type { Announcement } from './announcements.ts';
import { readTabMessage, type TabMessage } from './tab-messages.ts';
import type { TabsSetup } from './tabs.ts';

/** The channel to the other tabs, for as long as the page is awake. */
export interface TabLine {
  post(announcement: Announcement): void;
  close(): void;
}

/**
 * A page that is set aside says so and leaves the channel: what comes meanwhile would be lost on it, and would push it out of
 * the back-forward cache. `back` is called once it hears again.
 */
export function createTabLine(options: {
  readonly setup: TabsSetup;
  readonly page: Pick<Page, 'on'>;
  readonly sessionID: string;
  readonly hear: (message: TabMessage) => void;
  readonly back: () => void;
}): TabLine {
  const { setup, page, sessionID, hear, back } = options;
  let channel = open();

  function open() {
    return setup.platform.openTabChannel(setup.name, (data) => {
      const message = readTabMessage(data);
      if (message) hear(message);
    });
  }

  function post(announcement: Announcement): void {
    channel?.post({ v: 1, from: sessionID, ...announcement });
  }

  function leave(): void {
    post({ kind: 'bye' });
    channel?.close();
    channel = undefined;
  }

  const stops = [
    page.on('hide', leave),
    page.on('show', () => {
      if (channel) return;
      channel = open();
      post({ kind: 'hello' });
      back();
    }),
  ];
  post({ kind: 'hello' });
  return {
    post,
    close() {
      for (const stop of stops) stop();
      leave();
    },
  };
}
