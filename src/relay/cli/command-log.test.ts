import { logger as cojsonLogger } from 'cojson';
import { expect, it } from 'vitest';
import { generateAgent } from '../config/agent-identity.ts';
import { createCommandLog, type CommandLogLevel } from './command-log.ts';

function openLog(level: CommandLogLevel) {
  const lines: string[] = [];
  const logger = createCommandLog(level, { write: (line) => void lines.push(line) });
  return { logger, lines, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

it('writes a line of JSON for each event, including those of cojson', () => {
  const { logger, read } = openLog('info');
  logger.debug('too quiet');
  logger.info('Zero');
  logger.warn('One', { connection: 'client-1' });
  cojsonLogger.info('Two', { id: 'co_z1' });
  expect(read()).toEqual([
    expect.objectContaining({ level: 'info', msg: 'Zero' }),
    expect.objectContaining({ level: 'warn', msg: 'One', connection: 'client-1' }),
    expect.objectContaining({ level: 'info', msg: 'Two', id: 'co_z1', from: 'cojson' }),
  ]);
});

it('respects its level', () => {
  const loud = openLog('debug');
  loud.logger.debug('One');
  expect(loud.lines).toHaveLength(1);
  const silent = openLog('silent');
  silent.logger.warn('One');
  cojsonLogger.error('Two');
  expect(silent.lines).toEqual([]);
});

it('limits events of one kind except at the level debug', () => {
  const quiet = openLog('warn');
  for (let count = 0; count < 1_000; count++)
    cojsonLogger.warn(`Skipping message content of client-${count}`);
  expect(quiet.lines.length).toBeLessThan(100);
  quiet.logger.warn('Another one');
  expect(quiet.read().at(-1)).toMatchObject({ msg: 'Another one' });
  const loud = openLog('debug');
  for (let count = 0; count < 1_000; count++)
    loud.logger.debug(`Skipping message content of client-${count}`);
  expect(loud.lines).toHaveLength(1_000);
});

it('[SEC-10] contains no secrets, and only the message and stack of errors', async () => {
  const { logger, lines } = openLog('info');
  const { agentSecret } = await generateAgent();
  const cause = Object.assign(new Error(`no such host in postgres://me:hunter2@db/x`), {
    code: 'ENOTFOUND',
    params: ['user content'],
  });
  const agent = { agentSecret: 'hidden-1' };
  logger.warn(`It is ${agentSecret}`, { error: new Error('outer', { cause }), agent, password: 'hidden-2' });
  cojsonLogger.error('failed', { err: cause });
  const text = lines.join('');
  for (const part of agentSecret.split('/')) expect(text).not.toContain(part);
  for (const secret of ['hunter2', 'hidden-1', 'hidden-2', 'user content'])
    expect(text).not.toContain(secret);
  expect(text).toContain('ENOTFOUND');
  expect(text).toContain('postgres://me:[Redacted]@db/x');
});
