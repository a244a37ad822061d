import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBidi, type Bidi } from './bidi.ts';
import type { FirefoxApp } from './page/app.ts';

/** Firefox without a window, on a profile of its own. */
export interface Firefox {
  /** Opens the app in a tab, which has a process of its own. */
  open(url: string, user?: User): Promise<Tab>;
  /** Somebody else, who has none of the data and passkeys of others. */
  createUser(): Promise<User>;
  /** Kills the whole browser with SIGKILL. */
  kill(): Promise<void>;
}

/** BiDi's name of a user context. */
export type User = string;

export interface Tab {
  /** Evaluates an expression as if the user had just clicked, and returns what it resolves with, as text. */
  evaluate(expression: string): Promise<string>;
  reload(): Promise<void>;
  /** Calls a method of the page's `firefoxApp`. Arguments and result travel as JSON. */
  call<Name extends keyof FirefoxApp>(
    name: Name,
    ...values: Parameters<FirefoxApp[Name]>
  ): Promise<Awaited<ReturnType<FirefoxApp[Name]>>>;
  /** Kills the tab's process with SIGKILL: the page runs nothing more. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface Profile {
  readonly path: string;
  remove(): Promise<void>;
}

/** Nobody listens on the port of this proxy, so Firefox reaches only loopback, for which it uses no proxy. */
const noProxy = { host: '127.0.0.1', port: 9 };
const preferences = {
  'network.proxy.type': 1,
  'network.proxy.http': noProxy.host,
  'network.proxy.http_port': noProxy.port,
  'network.proxy.ssl': noProxy.host,
  'network.proxy.ssl_port': noProxy.port,
  // Each tab of a site gets a process, and none waits for use.
  'dom.ipc.processCount.webIsolated': 8,
  'dom.ipc.processPrelaunch.enabled': false,
  // A browser that was killed starts again without a question.
  'toolkit.startup.max_resumed_crashes': -1,
};

export async function createProfile(): Promise<Profile> {
  const path = await mkdtemp(join(tmpdir(), 'maia-firefox-'));
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  await writeFile(join(path, 'user.js'), lines.join(''));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) };
}

export async function launchFirefox(program: string, profile: Profile): Promise<Firefox> {
  const child = spawn(
    program,
    [
      ...['--headless', '--no-remote', '--profile', profile.path],
      // The second flag lets the test ask which process a tab has.
      ...['--remote-debugging-port=0', '--remote-allow-system-access', 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(child, 'exit');
  let printed = '';
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const [, found] = /WebDriver BiDi listening on (ws:\S+)/.exec(printed) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`Firefox ended at once: ${printed}`)));
  });
  const bidi = await openBidi(address);

  return {
    async open(url, user) {
      const { context } = await bidi.send('browsingContext.create', {
        type: 'tab',
        ...(user !== undefined && { userContext: user }),
      });
      await bidi.send('browsingContext.navigate', { context, url, wait: 'complete' });
      return createTab(bidi, String(context), url);
    },
    async createUser() {
      const { userContext } = await bidi.send('browser.createUserContext');
      return String(userContext);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
      bidi.close();
    },
  };
}

function createTab(bidi: Bidi, context: string, url: string): Tab {
  return {
    evaluate: (expression) => evaluate(bidi, context, expression),
    async reload() {
      await bidi.send('browsingContext.reload', { context, wait: 'complete' });
    },
    async call(name, ...values) {
      const text = await evaluate(
        bidi,
        context,
        `Promise.resolve(firefoxApp.${name}(...${JSON.stringify(values)})).then((value) => JSON.stringify({ value }))`,
      );
      return (JSON.parse(text) as { value: never }).value;
    },
    async kill() {
      process.kill(await processOf(bidi, url), 'SIGKILL');
    },
    async close() {
      await bidi.send('browsingContext.close', { context });
    },
  };
}

/** The expression's value, a string. */
async function evaluate(bidi: Bidi, context: string, expression: string): Promise<string> {
  const answer = await bidi.send('script.evaluate', {
    expression,
    target: { context },
    awaitPromise: true,
    userActivation: true,
  });
  const { result, exceptionDetails } = answer as {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly text: string };
  };
  if (exceptionDetails) throw new Error(exceptionDetails.text);
  return String(result?.value);
}

/** The process of the tab at this address, which only the browser's own page knows. */
async function processOf(bidi: Bidi, url: string): Promise<number> {
  const { contexts } = await bidi.send('browsingContext.getTree', { 'moz:scope': 'chrome' });
  const [browser] = contexts as readonly { readonly context: string }[];
  if (!browser) throw new Error('Firefox has no window.');
  const processes = JSON.parse(
    await evaluate(
      bidi,
      browser.context,
      `JSON.stringify([...gBrowser.tabs].map(({ linkedBrowser: { currentURI, frameLoader } }) =>
        [currentURI.spec, frameLoader?.remoteTab?.osPid ?? 0]))`,
    ),
  ) as readonly (readonly [string, number])[];
  const [, own = 0] = processes.find(([address]) => address === url) ?? [];
  const sharing = processes.filter(([, id]) => id === own);
  if (own === 0 || sharing.length !== 1) throw new Error(`The tab at ${url} has no process of its own.`);
  return own;
}
