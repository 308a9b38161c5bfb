// Local counts on both engines, exact across workers.

import { expect, test } from "vitest";
import { describeEngines } from "../../../host-test/testing/scenario.ts";
import { chatPath, quota } from "./ratelimit.ts";

const answer = { body: { usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 } } };
const consumer = (name: string) => ({ "x-mse-consumer": name });

describeEngines("model-ratelimit", (engine) => {
  const start = (configuration: object, workers = 1) =>
    engine.start({
      plugins: [{ plugin: "model-ratelimit", configuration }],
      upstreams: { "llm.static": answer },
      workers,
    });

  test("a Redis is refused where the host offers none", async () => {
    const configuration = { rule_name: "r", global_threshold: { query_per_day: 1 } };
    const redis = { service_name: "redis.static" };
    if (engine.name === "node") await start({ ...configuration, redis });
    else await expect(start({ ...configuration, redis })).rejects.toThrow("plugin start failed");
  });

  test("four workers admit exactly the limit of requests", async () => {
    const gateway = await start({ rule_name: "r", global_threshold: { query_per_day: 100 } }, 4);
    const answers = await Promise.all(Array.from({ length: 400 }, () => gateway.send()));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(300);
  });

  test("four workers lose nothing of what parallel answers spend", async () => {
    const gateway = await start(quota, 4);
    const refresh = {
      path: `${chatPath}/quota/refresh`,
      headers: consumer("admin"),
      body: "consumer=ann&quota=5000",
    };
    expect((await gateway.send(refresh)).status).toBe(200);
    const request = { path: chatPath, headers: consumer("ann"), body: "{}" };
    const answers = await Promise.all(Array.from({ length: 200 }, () => gateway.send(request)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(200);
    const query = { path: `${chatPath}/quota?consumer=ann`, headers: consumer("admin") };
    expect((await gateway.send(query)).text).toBe('{"consumer":"ann","quota":3000}');
  });

  test("a limit of tokens refuses, with the seconds that are left", async () => {
    const gateway = await start({
      rule_name: "r",
      global_threshold: { token_per_hour: 15 },
      rejected_msg: "enough",
    });
    const statuses = [(await gateway.send()).status, (await gateway.send()).status];
    const refused = await gateway.send();
    expect([...statuses, refused.status]).toEqual([200, 200, 429]);
    expect(refused.text).toBe("enough");
    expect(Number(refused.header("x-tokenratelimit-reset"))).toBeGreaterThan(3000);
  });

  test("a streamed answer that arrives in pieces passes unchanged and is charged", async () => {
    const gateway = await start(quota);
    await gateway.send({
      path: `${chatPath}/quota/refresh`,
      headers: consumer("admin"),
      body: "consumer=ann&quota=50",
    });
    const chunks = [
      'data: {"choices":[]}\n\nda',
      'ta: {"usage":{"prompt_to',
      'kens":8,"completion_tokens":9}}\n',
      "\n",
    ];
    gateway.upstream("llm.static").reply({ headers: { "content-type": "text/event-stream" }, chunks });
    const streamed = await gateway.send({ path: chatPath, headers: consumer("ann"), body: "{}" });
    expect(streamed.text).toBe(chunks.join(""));
    const query = { path: `${chatPath}/quota?consumer=ann`, headers: consumer("admin") };
    expect((await gateway.send(query)).text).toBe('{"consumer":"ann","quota":33}');
  });
});
