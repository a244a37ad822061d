import { parseArgs } from 'node:util';
import { createKernelError } from '../../base/kernel-error.ts';
import { checkMinAppVersion } from '../config/app-version.ts';
import { logLevels, type CommandLogLevel } from './command-log.ts';
import { limitNames } from '../config/limits.ts';
import type { RelayLimits, RelayOptions } from '../relay-options.ts';
import type { Transfer } from '../transfer/transfer.ts';

/** What the command line and the environment ask for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'agent:generate' }
  | ({ readonly kind: 'export' | 'import' } & Transfer)
  | {
      readonly kind: 'start' | 'doctor';
      readonly options: RelayOptions & { readonly storage: string };
      readonly logLevel: CommandLogLevel;
    };

export type Environment = Readonly<Record<string, string | undefined>>;

export const help = `maia-relay: the sync relay of @MaiaOS/kernel.

Usage: maia-relay [start] [options]
       maia-relay doctor [options]
       maia-relay export FILE [--storage PLACE]
       maia-relay import FILE [--storage PLACE] [--no-wal]
       maia-relay agent:generate

start serves until it is told to end. doctor looks at the port, the directory, the database and the clock that start
would use with the same options, says what is wrong and what to do, and ends with exit code 1 if anything is. It
leaves nothing behind. export writes all content to a file of JSON lines, and import brings it into an empty storage,
of either kind; run again, an interrupted import goes on. Both check all of it. import also takes the SQLite database of
a stock cojson server, which has to be stopped. agent:generate prints the settings of a new account, to standard output
only.

  --port NUMBER      port to listen on; 0 takes a free one       PORT               4203
  --host ADDRESS     address to listen on; 0.0.0.0 for all       HOST               127.0.0.1
  --storage PLACE    pglite:DIRECTORY, postgres://…, or memory:  SYNC_MAIA_STORAGE  pglite:./local-sync.db
  --limit NAME=N     one of the limits below; may be given again
  --no-wal           import: the SQLite database was closed in order, and has no -wal file for that reason
  --min-app-version VERSION
                     take edits from this version of the app on  SYNC_MAIA_MIN_APP_VERSION
  --trust-proxy      tell clients apart by X-Forwarded-For, behind a proxy that writes it
  --inspect          tell a client that asks, such as the devtools panel, what is committed of a CoValue
  --help             prints this
  --version          prints the version

An option wins over its environment variable. Where no storage is given, DATABASE_URL names a PostgreSQL, or else
DB_PATH a directory; with NODE_ENV=production that is /data/sync.db. memory: keeps nothing. SYNC_MAIA_STORAGE also
takes the bare words pglite, postgres and memory.

CORS_ORIGINS names the origins whose pages may connect, with commas between, such as https://app.example.org; without
it all may.

The limits are ${limitNames.slice(0, 4).join(', ')},
${limitNames.slice(4).join(', ')}.
SYNC_MAIA_LIMITS takes them with commas between, such as connections=20000,openLoads=500; --limit wins, for each of
them. SYNC_MAIA_TRUST_PROXY is true or false. Behind a proxy all clients come from one address: trust it, or raise
connectionsPerAddress to connections. SYNC_MAIA_INSPECT is true or false, too.

LOG_LEVEL is debug, info (the default), warn, error or silent: the log goes to standard error, in lines of JSON.

The relay runs on an identity that it throws away. With SYNC_MAIA_MODE=agent it runs on the account of
SYNC_MAIA_AGENT_ACCOUNT_ID and SYNC_MAIA_AGENT_SECRET: agent:generate prints a set that fits.

Clients open a WebSocket at /sync; GET /health answers 200 while the relay is ready, else 503; GET /metrics is for
Prometheus. SIGTERM and Ctrl-C write out what was accepted, let the clients go, and end with exit code 0.
`;

/** Throws RELAY_SETTING_INVALID, whose sentence names the setting that cannot be used. */
export function readCommand(args: readonly string[], environment: Environment): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const [subcommand = 'start', ...more] = positionals;
  if (values.service !== undefined && (subcommand !== 'agent:generate' || values.service !== 'sync')) {
    throw invalid(
      '--service belongs to agent:generate, and takes sync. `maia-relay --help` lists what there is.',
    );
  }
  const isWalGone = values['no-wal'] === true;
  if (isWalGone && subcommand !== 'import') {
    throw invalid('--no-wal belongs to import. `maia-relay --help` lists what there is.');
  }
  if (subcommand === 'agent:generate' && more.length === 0) return { kind: 'agent:generate' };
  const [file, ...rest] = more;
  if ((subcommand === 'export' || subcommand === 'import') && file !== undefined && rest.length === 0) {
    const storage = readStorage(values.storage, environment);
    if (subcommand === 'export') return { kind: subcommand, file, storage };
    return { kind: subcommand, file, storage, ...(isWalGone && { isWalGone }) };
  }
  if ((subcommand !== 'start' && subcommand !== 'doctor') || more.length > 0) {
    throw invalid(
      `There is no command "${[subcommand, ...more].join(' ')}". \`maia-relay --help\` lists what there is.`,
    );
  }
  const host = values.host ?? given(environment.HOST);
  return {
    kind: subcommand,
    logLevel: readLogLevel(given(environment.LOG_LEVEL)),
    options: {
      ...readPort(values.port, '--port'),
      ...(values.port === undefined && readPort(given(environment.PORT), 'PORT')),
      ...(host !== undefined && { host }),
      ...readOrigins(given(environment.CORS_ORIGINS)),
      storage: readStorage(values.storage, environment),
      ...(readSwitch('SYNC_MAIA_TRUST_PROXY', values['trust-proxy'], environment) && { trustProxy: true }),
      ...(readSwitch('SYNC_MAIA_INSPECT', values.inspect, environment) && { inspect: true }),
      ...readLimitSettings(values.limit, given(environment.SYNC_MAIA_LIMITS)),
      ...readMinAppVersion(values['min-app-version'], given(environment.SYNC_MAIA_MIN_APP_VERSION)),
      ...readAgentSettings(environment),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        storage: { type: 'string' },
        service: { type: 'string' },
        limit: { type: 'string', multiple: true },
        'min-app-version': { type: 'string' },
        'trust-proxy': { type: 'boolean' },
        inspect: { type: 'boolean' },
        'no-wal': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`${what} \`maia-relay --help\` lists the options.`, cause);
  }
}

function readPort(text: string | undefined, setting: string): { port?: number } {
  if (text === undefined) return {};
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw invalid(`${setting} is ${JSON.stringify(text)}; it takes a number from 0 to 65535.`);
  }
  return { port: Number(text) };
}

function readOrigins(text: string | undefined): Pick<RelayOptions, 'origins'> {
  if (text === undefined) return {};
  return { origins: text.split(',').map((origin) => origin.trim()) };
}

/** On by its flag, or by its variable. */
function readSwitch(variable: string, flag: boolean | undefined, environment: Environment): boolean {
  const text = given(environment[variable]);
  if (flag === true || text === 'true') return true;
  if (text === undefined || text === 'false') return false;
  throw invalid(`${variable} is ${JSON.stringify(text)}; it takes true or false.`);
}

function readMinAppVersion(
  flag: string | undefined,
  text: string | undefined,
): Pick<RelayOptions, 'minAppVersion'> {
  const minAppVersion = flag ?? text;
  if (minAppVersion === undefined) return {};
  checkMinAppVersion(minAppVersion, flag === undefined ? 'SYNC_MAIA_MIN_APP_VERSION' : '--min-app-version');
  return { minAppVersion };
}

function readLimitSettings(
  flags: readonly string[] | undefined,
  text: string | undefined,
): Pick<RelayOptions, 'limits'> {
  if (flags === undefined && text === undefined) return {};
  const named = text?.split(',').map((limit) => limit.trim());
  return { limits: { ...readLimits('SYNC_MAIA_LIMITS', named), ...readLimits('--limit', flags) } };
}

function readLimits(setting: string, limits: readonly string[] = []): Partial<RelayLimits> {
  return Object.fromEntries(
    limits.map((text) => {
      const [, name, number] = /^(\w+)=(\d{1,12})$/.exec(text) ?? [];
      const limit = limitNames.find((known) => known === name);
      if (limit !== undefined) return [limit, Number(number)];
      throw invalid(
        `${setting} is ${JSON.stringify(text)}; it takes NAME=NUMBER, as \`maia-relay --help\` lists them.`,
      );
    }),
  );
}

function readLogLevel(text = 'info'): CommandLogLevel {
  const level = logLevels.find((known) => known === text);
  if (level !== undefined) return level;
  throw invalid(`LOG_LEVEL is ${JSON.stringify(text)}; it takes ${logLevels.join(', ')}.`);
}

function readAgentSettings(environment: Environment): Pick<RelayOptions, 'agent'> {
  const mode = given(environment.SYNC_MAIA_MODE);
  if (mode === undefined) return {};
  if (mode !== 'agent')
    throw invalid(`SYNC_MAIA_MODE is ${JSON.stringify(mode)}; it takes agent, or nothing.`);
  const accountID = given(environment.SYNC_MAIA_AGENT_ACCOUNT_ID);
  const agentSecret = given(environment.SYNC_MAIA_AGENT_SECRET);
  if (accountID !== undefined && agentSecret !== undefined) return { agent: { accountID, agentSecret } };
  throw invalid(
    'SYNC_MAIA_MODE is agent, which needs SYNC_MAIA_AGENT_ACCOUNT_ID and SYNC_MAIA_AGENT_SECRET. `maia-relay agent:generate` prints them.',
  );
}

/** Never repeats a value that may be an address with a password. */
function readStorage(flag: string | undefined, environment: Environment): string {
  const directory =
    given(environment.DB_PATH) ??
    (environment.NODE_ENV === 'production' ? '/data/sync.db' : './local-sync.db');
  const databaseUrl = given(environment.DATABASE_URL);
  const asked = flag ?? given(environment.SYNC_MAIA_STORAGE);
  if (asked === undefined) return databaseUrl ?? `pglite:${directory}`;
  if (asked === 'pglite') return `pglite:${directory}`;
  if (asked === 'memory') return 'memory:';
  if (asked !== 'postgres') return asked;
  if (databaseUrl !== undefined) return databaseUrl;
  throw invalid(
    'The storage is set to postgres, and DATABASE_URL does not say where that is. Set it to postgres://….',
  );
}

/** An empty variable counts as none: that is how deployments take one away. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function invalid(message: string, cause?: unknown) {
  return createKernelError('RELAY_SETTING_INVALID', message, { cause });
}
