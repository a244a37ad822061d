import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../base/clock.ts';
import { parseJson } from '../../base/json.ts';
import type { Logger } from '../../base/logger.ts';
import { isRecord, type JsonRecord } from '../../base/record.ts';
import { oneLine } from '../../wire/one-line.ts';
import { readBody } from '../client/http/read-body.ts';
import { refuseUpgrade, type HttpFront } from '../serving/http-front.ts';
import { ActRefusal, checkFields, type AdministeredRelay } from './act-fields.ts';
import { actNames, isActName, performAct, type ActName } from './admin-acts.ts';
import { isToken } from './admin-token.ts';
import { withErasures } from './with-erasures.ts';

export interface AdminFrontOptions {
  readonly token: string;
  /** Undefined until the relay serves clients. */
  relay(): AdministeredRelay | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const maxBodyBytes = 10_000;
const bodyMs = 10_000;
const path = '/admin/';

type ErrorCode =
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method'
  | 'too-large'
  | 'invalid'
  | 'limit'
  | 'starting'
  | 'storage';

const statuses: Readonly<Record<ErrorCode, number>> = {
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  method: 405,
  'too-large': 413,
  invalid: 400,
  limit: 409,
  starting: 503,
  storage: 503,
};

/** Answers `POST /admin/{act}` with JSON. Logs each act, and nothing of the token. */
export function createAdminFront({
  token,
  relay,
  clock,
  logger,
}: AdminFrontOptions): Pick<HttpFront, 'answer' | 'upgrade'> {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isToken(token, bearerOf(request))) {
      logger.warn('Refused a request to the admin API, which had no valid token');
      return refuse(response, 'unauthorized', 'Send the token in `Authorization: Bearer …`.');
    }
    const { method, url = '' } = request;
    const name = url.startsWith(path) ? url.slice(path.length) : '';
    if (!isActName(name) && name !== exportName)
      return refuse(response, 'not-found', `There is no such act. There are: ${actNames.join(', ')}.`);
    if (method !== 'POST') return refuse(response, 'method', 'Send a POST request.');
    const body = await readBody(request, {
      ...{ maxBytes: maxBodyBytes, waitMs: bodyMs, clock },
      arrived: () => undefined,
    });
    if (body === 'broken') return;
    if (typeof body === 'string')
      return refuse(
        response,
        'too-large',
        `The body is too long or too slow. It may have ${maxBodyBytes} bytes.`,
      );
    const fields = body.length === 0 ? {} : parseJson(body.toString('utf8'));
    if (!isRecord(fields)) return refuse(response, 'invalid', 'The body is not a JSON object.');
    await act(name, fields, response);
  }

  async function act(
    name: ActName | typeof exportName,
    fields: JsonRecord,
    response: ServerResponse,
  ): Promise<void> {
    const administered = relay();
    if (!administered) return refuse(response, 'starting', 'The relay is starting. Try again in a moment.');
    const { id, until, app, bytes, coValues } = fields;
    const target = typeof id !== 'string' ? '' : isPersonal(name) ? hidden(id) : oneLine(id.slice(0, 500));
    // With the target, because the log limits lines that begin alike.
    const words = `Admin ${name} ${target}`.trimEnd();
    const details = {
      by: 'admin',
      act: name,
      target,
      ...(typeof until === 'string' && { until: oneLine(until) }),
      ...(typeof app === 'string' && { app: oneLine(app.slice(0, 100)) }),
      ...(typeof bytes === 'number' && { bytes }),
      ...(typeof coValues === 'number' && { coValues }),
      ...(fields.default === true && { default: true }),
    };
    try {
      if (name === exportName) {
        await sendExport(fields, administered, response);
        return logger.warn(words, details);
      }
      const result = await performAct(name, fields, administered, clock.nowMs());
      if (isReading(name, fields)) logger.info?.(words, details);
      else logger.warn(words, details);
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(result)}\n`);
    } catch (error) {
      logger.warn(`${words} failed`, { ...details, error });
      if (response.headersSent) return void response.destroy();
      if (error instanceof ActRefusal) return refuse(response, error.code, error.message);
      refuse(response, 'storage', 'The database did not take it. Look into the log of the relay.');
    }
  }

  return {
    answer(request, response) {
      response.setHeader('cache-control', 'no-store').setHeader('x-content-type-options', 'nosniff');
      void answer(request, response);
    },
    upgrade: (_, socket) => refuseUpgrade(socket, '404 Not Found', 'The admin API has no WebSockets.\n'),
  };
}

/** Its answer is the lines of an export file. */
const exportName = 'export';

/** An export is logged as a change is, because it takes out what a person has stored. */
function isReading(name: ActName, { dryRun }: JsonRecord): boolean {
  return (reads as readonly string[]).includes(name) || (name === 'erase' && dryRun === true);
}

const reads = ['blocks', 'takedowns', 'principals', 'quotas', 'certificates', 'relays'] satisfies ActName[];

/** Logs are kept longer than what was erased. */
function isPersonal(name: string): boolean {
  return name === 'erase' || name === 'certificates' || name === exportName;
}

/** The same within a run of the relay, so that its lines can be compared. */
const logKey = randomBytes(16);

function hidden(id: string): string {
  return `account#${createHmac('sha256', logKey).update(id).digest('hex').slice(0, 12)}`;
}

/** A failure ends the connection, so that the last line is missing. */
async function sendExport(
  fields: JsonRecord,
  relay: AdministeredRelay,
  response: ServerResponse,
): Promise<void> {
  checkFields(fields, ['id', 'app']);
  await withErasures(fields, relay, async ({ exportLines }, person) => {
    const lines = exportLines(person);
    const first = await lines.next();
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    await pipeline(Readable.from(pieces(String(first.value), lines)), response);
  });
}

async function* pieces(first: string, lines: AsyncGenerator<string>): AsyncGenerator<string> {
  let text = `${first}\n`;
  for await (const line of lines) {
    text += `${line}\n`;
    if (text.length < pieceLength) continue;
    yield text;
    text = '';
  }
  yield text;
}

const pieceLength = 64_000;

function bearerOf({ headers }: IncomingMessage): string {
  const [, token = ''] = /^Bearer ([\w-]{1,600})$/i.exec(headers.authorization ?? '') ?? [];
  return token;
}

/** Also closes the connection, because the body may not have been read. */
function refuse(response: ServerResponse, code: ErrorCode, message: string): void {
  response
    .writeHead(statuses[code], {
      'content-type': 'application/json',
      connection: 'close',
      ...(code === 'method' && { allow: 'POST' }),
      ...(code === 'unauthorized' && { 'www-authenticate': 'Bearer' }),
    })
    .end(`${JSON.stringify({ error: { code, message } })}\n`);
}
