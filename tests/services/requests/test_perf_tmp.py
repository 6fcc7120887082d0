import time, uuid, json
def test_perf(make_settings, token):
    from services.requests.app import create_app
    import logging
    s = make_settings("requests")
    app = create_app(s); c = app.test_client()
    logging.getLogger().setLevel("ERROR")
    h = token("operator")
    g=[json.loads(l) for l in open('/work/shared/gold/dev/requests.jsonl')]
    def b(x,i):
        body={k:x[k] for k in("title","description","country","language","priority","window","channel")}
        body["needs"]=[{"theme":n["theme"],"kind":n["kind"],"quantity":n["quantity"],"unit":n["unit"],"amount":n["amount_usd"],"currency":n["amount_usd"] is not None and "USD" or None} for n in x["needs"]]
        body["external_id"]={"source":"p","id":str(i)}
        return body
    c.post("/v1/requests",json=b(g[0],"x"),headers=h)
    from shared.language import signature
    t=time.perf_counter()
    for x in g: signature({"title":x["title"],"description":x["description"]},x["language"],b"k"*32)
    print("signature ms", (time.perf_counter()-t)/len(g)*1000)
    import cProfile,pstats
    p=cProfile.Profile(time.process_time); p.enable()
    for i,x in enumerate(g): assert c.post("/v1/requests",json=b(x,i),headers=h).status_code==201
    p.disable(); pstats.Stats(p).sort_stats("cumtime").print_stats(45)
    p=cProfile.Profile(time.process_time); p.enable()
    for i in range(3): c.get("/v1/requests?limit=50",headers=h)
    p.disable(); pstats.Stats(p).sort_stats("cumtime").print_stats(30)
    assert 0

