// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How a stack checks faces: in motion, unless a development stack is told otherwise.
 *
 * @module
 */
import type { CheckLiveness } from '../issuer/face_step.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Config } from './config.ts';

/**
 * Chooses what the issuer is given.
 *
 * @throws {@link ProtocolError} `liveness_off_refused` in production; `config_invalid` without a check.
 */
export function livenessOf(
  config: Pick<Config, 'liveness' | 'production'>,
  checkLiveness: CheckLiveness | undefined,
): CheckLiveness | 'unsafe_off' {
  if (config.liveness === 'required') {
    if (checkLiveness === undefined) throw new ProtocolError('config_invalid', 'this stack cannot check liveness');
    return checkLiveness;
  }
  if (config.production) {
    throw new ProtocolError('liveness_off_refused', 'BAUTA_LIVENESS=off takes photographs for people; remove it');
  }
  return 'unsafe_off';
}
