"""What production does to the system, done to it on purpose: short in `make test`, long in `make chaos`.

system            a whole stack whose jobs take a known time
invariants        what every job must look like in the end, whatever happened to it
traffic           jobs in work and clients that watch them, while something fails
worker_crashes    workers that are killed, and workers that are stopped and wake up late
service_outages   model services and notifier that die, hang, are slow, or never come back
store_outages     Redis and the object store: killed, frozen, slow, failing
failover          Redis on Sentinel and as a Cluster, whose primary dies or freezes
full_disks        the disks of Redis and of the object store, and the memory of Redis, are full
clock_jumps       clocks of Redis and of the services jump by an hour
backlog           everything is started again while thousands of jobs wait
soak              traffic for a long while: memory stays flat
namespaces        programs that mount what they like
faulty_http_proxy a proxy that does all that to the object store
stream_clients    clients that reconnect, and clients that stop reading
replicas          a system with two processes of each kind behind a balancer
rolling_restart   every process replaced under load
upgrade           every process replaced by another version, and back
cancellation      jobs that are cancelled at every stage
webhooks          notifiers that are killed while they deliver
"""
