#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { isKernelError } from '../../base/kernel-error.ts';
import { kernelVersion } from '../../base/version.ts';
import { generateAgent } from '../config/agent-identity.ts';
import { askAdmin } from './ask-admin.ts';
import { createCommandLog } from './command-log.ts';
import { describeFindings, examine } from '../doctor/examine.ts';
import { createRelay } from '../relay.ts';
import { giveNewEpoch } from './new-epoch.ts';
import { help, readCommand } from './settings.ts';
import { describeStorage, readStoragePlace } from '../database/storage-place.ts';
import { transfer } from '../transfer/transfer.ts';

/** EX_SOFTWARE in sysexits.h. Supervisors restart the process. */
const internalError = 70;

async function run(): Promise<void> {
  const command = readCommand(process.argv.slice(2), process.env);
  switch (command.kind) {
    case 'help':
      return console.log(help);
    case 'version':
      return console.log(kernelVersion);
    case 'agent:generate': {
      const { accountID, agentSecret } = await generateAgent();
      console.log('SYNC_MAIA_MODE=agent');
      console.log(`SYNC_MAIA_AGENT_ACCOUNT_ID=${accountID}`);
      console.log(`SYNC_MAIA_AGENT_SECRET=${agentSecret}`);
      return;
    }
    case 'export':
    case 'import':
      return console.log(await transfer(command, createCommandLog('warn')));
    case 'epoch:new':
      return console.log(await giveNewEpoch(command.storage, createCommandLog('warn'), command.appID));
    case 'admin':
      return askAdmin(command, process.stdout);
    case 'doctor': {
      const findings = await examine(command.options);
      console.log(describeFindings(findings));
      if (findings.some(({ isWrong }) => isWrong)) process.exitCode = 1;
      return;
    }
    case 'start': {
      const { options } = command;
      // By default, V8 lets the heap of a flooded relay grow to several times its live size before it collects garbage.
      setFlagsFromString('--heap-growing-percent=30');
      const relay = await createRelay({ ...options, logger: createCommandLog(command.logLevel) });
      endOnSignal(relay.close);
      void relay.failed.then((error) => (isKernelError(error) ? fail(error) : process.exit(internalError)));
      const place = describeStorage(readStoragePlace(options.storage));
      console.log(`maia-relay ${kernelVersion} answers on ${relay.url}, with ${place}`);
      return;
    }
  }
}

/** The first signal drains the relay; the second ends the process immediately. */
function endOnSignal(close: () => Promise<void>): void {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.once(signal, end);

  function end(): void {
    for (const signal of signals) process.off(signal, end);
    close().then(() => process.exit(0), fail);
  }
}

function fail(error: unknown): void {
  console.error(isKernelError(error) ? `maia-relay: ${error.message}` : error);
  process.exit(1);
}

run().catch(fail);
