-- Asks `latchkey serve` whether a request has a valid access token: the action `lua.latchkey_verify` of
-- haproxy.cfg.example. It sets txn.latchkey_status to the status of the answer (204, 401, or 0 if there was none) and
-- txn.latchkey_key_id to the ID of the key.

local DESTINATION = "unix@/run/latchkey/latchkey.sock"

-- Only what latchkey needs: with large cookies or many headers it would refuse a good token (431).
local HEADERS = { "x-access-token", "x-api-token", "authorization" }

core.register_action("latchkey_verify", { "http-req" }, function(txn)
    txn:set_var("txn.latchkey_status", 0)
    local given = txn.http:req_get_headers()
    local headers = { ["x-forwarded-for"] = { txn.sf:src() } }
    for _, name in ipairs(HEADERS) do
        if given[name] then
            headers[name] = { given[name][0] }
        end
    end
    local answer = core.httpclient():get({
        url = "http://latchkey/api/v2/auth/verify",
        dst = DESTINATION,
        headers = headers,
        timeout = 5000,
    })
    if not answer or not answer.status then
        return
    end
    txn:set_var("txn.latchkey_status", answer.status)
    local id = answer.headers and answer.headers["x-access-key-id"]
    if answer.status == 204 and id then
        txn:set_var("txn.latchkey_key_id", id[0])
    end
end)
