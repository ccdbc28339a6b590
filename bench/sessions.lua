-- SPDX-License-Identifier: Apache-2.0
-- For wrk: each argument is one user's Cookie header; their requests follow each other in turn.
-- Without arguments nobody has a cookie. All requests are made before the first is sent.
local requests, at = {}, 0

function init(cookies)
    for _, cookie in ipairs(cookies) do
        wrk.headers["Cookie"] = cookie
        requests[#requests + 1] = wrk.format()
    end
    if #requests == 0 then
        requests[1] = wrk.format()
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
