// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * On a demonstration: the sample person's face in place of the visitor's.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useStrings } from './language.tsx';
import { Button, Panel, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';
import { sampleFace, type SampleFace } from './samples.ts';

/**
 * The panel.
 *
 * @param props - `single`: whether a single picture is asked for; `onUse` takes it.
 */
export function SamplePicture(props: {
  readonly id: string;
  readonly single?: boolean;
  readonly onUse: (bytes: Uint8Array) => Promise<unknown>;
}): VNode {
  const { enrol } = useStrings();
  const [face, setFace] = useState<SampleFace>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    sampleFace(props.id).then(setFace, (error: unknown) => setProblem(codeOf(error)));
  }, [props.id]);
  const picture = useMemo(
    () =>
      face === undefined
        ? undefined
        : URL.createObjectURL(new Blob([new Uint8Array(face.picture.bytes)], { type: face.picture.type })),
    [face],
  );
  useEffect(
    () => () => {
      if (picture !== undefined) URL.revokeObjectURL(picture);
    },
    [picture],
  );
  if (problem !== undefined) return <Problem code={problem} />;
  return (
    <Panel>
      <div class="review">
        <figure class="live">
          <div class="portrait">{picture !== undefined && <img src={picture} alt={enrol.live} />}</div>
          <figcaption class="soft">
            {enrol.live}
            {face !== undefined && face.source !== 'own' && <span class="note">{enrol.sources[face.source]}</span>}
          </figcaption>
        </figure>
        <div class="stack tight grow">
          <p>{props.single === true ? enrol.sampleFace : enrol.liveness.sampleHint}</p>
          {face?.altered === true && <p class="soft small">{enrol.altered}</p>}
          <div class="actions">
            <Button
              kind="primary"
              disabled={face === undefined || busy}
              onClick={async () => {
                setBusy(true);
                if (face !== undefined) await props.onUse(face.picture.bytes);
                setBusy(false);
              }}
            >
              {props.single === true ? enrol.sendFace : enrol.liveness.sample}
            </Button>
          </div>
          {busy && <Progress label={enrol.liveness.sending} />}
        </div>
      </div>
    </Panel>
  );
}
