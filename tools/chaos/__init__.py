"""What production does to the system, done to it on purpose: short in `make test`, long in `make chaos`.

system            a whole stack whose jobs take a known time
invariants        what every job must look like in the end, whatever happened to it
traffic           jobs in work and clients that watch them, while something fails
worker_crashes    workers that are killed, and workers that are stopped and wake up late
service_outages   model services and notifier that die, hang, or never come back
store_outages     Redis and the object store: killed, frozen, slow, failing
failover          Redis on Sentinel and as a Cluster, whose primary dies or freezes
faulty_http_proxy a proxy that does all that to the object store
stream_clients    clients that reconnect, and clients that stop reading
rolling_restart   every process replaced under load
cancellation      jobs that are cancelled at every stage
webhooks          notifiers that are killed while they deliver
"""
