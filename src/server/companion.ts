// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run companion`: reads a document's chip for the wallet's page on the same computer, through a card
 * reader, or through a simulator of one. Ends on SIGINT or SIGTERM.
 *
 * @module
 */
import { type Companion, COMPANION_PORT, createCompanion } from '../companion/app.ts';
import { loadPcsc, PCSC_PACKAGE, PCSC_VERSION, PcscReaders } from '../companion/pcsc.ts';
import type { CardReader } from '../companion/reader.ts';
import { decodeChip } from '../demo/chip_kept.ts';
import { SimulatedChip } from '../demo/chip_simulator.ts';
import { createReaderSimulator } from '../demo/reader_simulator.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { UsageError } from '../register/command_files.ts';
import { endWith, LARGEST_PORT, readOptions, runProgram, wholeNumber } from './command_line.ts';
import { listen } from './listen.ts';
import { random } from './programs.ts';

const WALLET = 'http://localhost:4100';

const HELP = `Usage: npm run --silent companion -- [--wallet ORIGIN] [--port PORT] [--simulate PERSON] [--help]

Reads the chip of a passport for the wallet's page, which cannot do that by itself. It listens on 127.0.0.1 only,
answers the wallet's page only, and shows six digits which that page must be told.

为钱包页面读取护照芯片：只监听本机 127.0.0.1，只回应钱包页面，并显示六位配对码，请在页面上输入。

  --wallet ORIGIN     origin of the wallet's page; may be given several times; default ${WALLET}
  --port PORT         of this computer; default ${String(COMPANION_PORT)}, where the page looks
  --simulate PERSON   no reader: a simulated one with the simulated passport of a sample person (wei, robin, …) of
                      the demonstration (npm start) at the first --wallet
  --help              this text

A card reader needs PC/SC and its binding, which is not installed by npm ci:

  npm install --no-save ${PCSC_PACKAGE}@${PCSC_VERSION}     # on Debian first: apt-get install pcscd
`;

/** Milliseconds of an answer of a simulated chip, so that progress can be seen. */
const SIMULATED_ANSWER_MS = 4;

const text = { type: 'string' } as const;
const OPTIONS = {
  wallet: { type: 'string', multiple: true },
  port: text,
  simulate: text,
  help: { type: 'boolean' },
} as const;

function originOf(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost');
  if (url === undefined || url.origin !== given || !isSafe) {
    throw new UsageError(`--wallet ${given} is no origin: https://HOST, or http://localhost:PORT`);
  }
  return given;
}

/** Lays the chip of a sample person on a simulated reader. */
async function simulatedReader(person: string, wallet: string): Promise<CardReader> {
  const response = await fetch(`${wallet}/demo/samples/${encodeURIComponent(person)}/documents/passport/chip`).catch(
    (cause: unknown) => {
      throw new ProtocolError('network_failed', `no wallet answers at ${wallet}; run npm start first`, { cause });
    },
  );
  if (!response.ok) {
    throw new ProtocolError('not_found', `the wallet at ${wallet} has no sample person "${person}"`);
  }
  const plan = decodeChip(await response.json());
  const line = plan.mrz.slice(44);
  const [number, birth, expiry] = [line.slice(0, 9), line.slice(13, 19), line.slice(21, 27)];
  console.log(`
  SIMULATOR: no reader is used. The passport on it, as printed:
  模拟器：没有使用读卡器。其中的护照印有：

    document number 证件号码   ${number.replaceAll('<', '')}
    date of birth 出生日期     ${birth}   (YYMMDD)
    date of expiry 有效期至    ${expiry}   (YYMMDD)`);
  return createReaderSimulator({ chip: () => new SimulatedChip({ ...plan, random }), answerMs: SIMULATED_ANSWER_MS });
}

async function main(): Promise<void> {
  const values = readOptions(OPTIONS);
  if (values.help === true) {
    console.log(HELP);
    return;
  }
  const port = wholeNumber(values.port ?? String(COMPANION_PORT), 'port', LARGEST_PORT);
  const origins = (values.wallet ?? [WALLET]).map(originOf);
  const reader =
    values.simulate === undefined
      ? new PcscReaders(await loadPcsc())
      : await simulatedReader(values.simulate, origins[0] ?? WALLET);
  let made: Companion | undefined;
  const listening = await listen(
    (origin) => {
      const companion = createCompanion({ reader, random, origins, port: Number(new URL(origin).port) });
      made = companion;
      return Promise.resolve(companion);
    },
    port,
    'companion',
    '--port',
    '127.0.0.1',
  );
  const code = made?.code ?? '';
  console.log(`
  The companion is at ${listening.origin}, for ${origins.join(', ')}
  Type this code into the wallet's page, and nowhere else:
  请在钱包页面输入此配对码，不要告诉任何人：

    ${code.slice(0, 3)} ${code.slice(3)}

  End with Ctrl+C. 按 Ctrl+C 结束。
`);
  endWith(async () => {
    await made?.close();
    await listening.close();
  });
}

runProgram('companion', HELP, main);
